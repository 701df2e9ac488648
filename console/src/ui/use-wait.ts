import { useEffect, useState } from 'react';
import { hasCode } from '../explain.js';

/** A server that refuses for being asked too often should say for how long; this is for one that does not. */
const unsaidMs = 10_000;

/** More often than each second, so that no second is skipped when a timer is late. */
const tickMs = 250;

export interface Wait {
  /** What is left of it, in whole seconds; 0: nothing to wait for. */
  readonly seconds: number;
  /** How long it was in all; 0: there was none, or it was lifted. */
  readonly ofSeconds: number;
  /** Begins to wait if the error asks for it, and returns whether it does. */
  readonly beginFor: (error: unknown) => boolean;
  readonly lift: () => void;
}

/** The wait that a server asks for after too many attempts, counted down. */
export function useWait(): Wait {
  const [until, setUntil] = useState<number>();
  const [seconds, setSeconds] = useState(0);
  const [ofSeconds, setOfSeconds] = useState(0);

  useEffect(() => {
    if (until === undefined) return;
    const timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1_000));
      setSeconds(left);
      if (left === 0) setUntil(undefined);
    }, tickMs);
    return () => clearInterval(timer);
  }, [until]);

  function begin(ms: number) {
    const whole = Math.max(1, Math.ceil(ms / 1_000));
    setUntil(Date.now() + whole * 1_000);
    setSeconds(whole);
    setOfSeconds(whole);
  }

  return {
    seconds,
    ofSeconds,
    beginFor(error) {
      if (!hasCode(error, 'rate-limited')) return false;
      begin(error.retryAfterMs ?? unsaidMs);
      return true;
    },
    lift() {
      setUntil(undefined);
      setSeconds(0);
      setOfSeconds(0);
    },
  };
}
