import { useEffect, useEffectEvent, useRef } from 'react';

/**
 * Returns a function to call while a dialog is open, which has the focus led somewhere once it has closed. Without it
 * the dialog returns the focus to the button that opened it, which may be gone with what the dialog removed.
 */
export function useAfterClose(opened: boolean, lead: () => void): () => void {
  const isDue = useRef(false);
  const run = useEffectEvent(lead);
  useEffect(() => {
    if (opened || !isDue.current) return;
    isDue.current = false;
    run();
  }, [opened]);
  return () => {
    isDue.current = true;
  };
}
