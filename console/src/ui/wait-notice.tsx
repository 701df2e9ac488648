import { useEffect, useRef } from 'react';
import { Notice } from './notice.js';
import type { Wait } from './use-wait.js';
import classes from './wait-notice.module.css';
import { waitInWords } from './wait-words.js';

/**
 * Says that there were too many attempts and for how long to wait. It does not count: what is read aloud each second
 * is a nuisance, so that the button does that. When the wait is over it says so.
 */
export function WaitNotice({ wait: { seconds, ofSeconds } }: { readonly wait: Wait }) {
  const waits = seconds > 0;
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (waits) notice.current?.focus();
  }, [waits]);
  if (waits) {
    return (
      <Notice ref={notice} tone="warn" title="Too many attempts" announce>
        <p>Halo slows down guessing. You can try again in {waitInWords(ofSeconds)}.</p>
      </Notice>
    );
  }
  return (
    <div role="status" className={classes.over}>
      {ofSeconds > 0 ? <Notice tone="plain">You can try again now.</Notice> : null}
    </div>
  );
}
