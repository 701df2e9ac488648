import { type ComponentType, useEffect, useEffectEvent, useState } from 'react';
import { usePreload } from './use-preload.js';

export interface DialogCode<Props> {
  /** Undefined until its code is there. */
  readonly Dialog: ComponentType<Props> | undefined;
  readonly opened: boolean;
}

/**
 * Returns a dialog whose code comes once the screen is there, or when it is first wanted, whichever is earlier.
 *
 * @param load asked again after a failure, so that a retry is of use
 * @param onFail called when the dialog is wanted and its code cannot be had
 */
export function useDialog<Props extends { readonly opened: boolean }>(
  load: () => Promise<ComponentType<Props>>,
  wanted: boolean,
  onFail: (error: unknown) => void,
): DialogCode<Props> {
  const [Dialog, setDialog] = useState<ComponentType<Props>>();
  const [isThere, setThere] = useState(false);
  const fetch = async () => {
    const loaded = await load();
    setDialog(() => loaded);
  };
  const fetchWanted = useEffectEvent(() => void fetch().catch(onFail));
  const isMissing = Dialog === undefined;
  usePreload(fetch);
  useEffect(() => {
    if (wanted && isMissing) fetchWanted();
  }, [wanted, isMissing]);
  // A dialog notes where to return the focus when it opens, but not when it is open from its first moment.
  useEffect(() => setThere(!isMissing), [isMissing]);
  return { Dialog, opened: wanted && isThere };
}
