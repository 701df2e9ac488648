import { useEffect, useEffectEvent, useState } from 'react';
import { useKeysSearch } from './keys-search.js';

/** Long enough to type on, short enough not to be noticed. */
const settleMs = 200;

/** The text of the search, which becomes the prefix in the address a moment after the last letter. */
export function usePrefixField() {
  const { prefix, setPrefix } = useKeysSearch();
  const [text, setText] = useState(prefix);
  const [settled, setSettled] = useState(prefix);

  // Back, Forward and links change the prefix from outside, and the field follows.
  if (settled !== prefix) {
    setSettled(prefix);
    setText(prefix);
  }

  const settle = useEffectEvent(() => {
    if (text === prefix) return;
    setSettled(text);
    void setPrefix(text);
  });
  useEffect(() => {
    if (text === prefix) return;
    const timer = setTimeout(settle, settleMs);
    return () => clearTimeout(timer);
  }, [text, prefix]);

  return { text, type: setText };
}
