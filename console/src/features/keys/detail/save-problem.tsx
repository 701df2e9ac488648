import { Button } from '@mantine/core';
import { HaloError } from 'halo-client';
import { useEffect, useState } from 'react';
import { explain } from '../../../explain.js';
import { Notice } from '../../../ui/notice.js';
import { useOnline } from '../../../ui/use-online.js';
import { saveWords } from './save-words.js';

export interface SaveProblemProps {
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** Why a change was not made, beside the thing concerned, with what to do and the id to quote. */
export function SaveProblem({ error, onRetry }: SaveProblemProps) {
  const online = useOnline();
  const { title, advice, retry } = saveWords(error);
  const { requestId } = explain(error);
  const wait = useWait(error);
  return (
    <Notice
      tone="danger"
      title={title}
      announce
      actions={
        retry ? (
          <Button variant="default" disabled={!online || wait > 0} onClick={onRetry}>
            {wait > 0 ? `Try again in ${wait} s` : 'Try again'}
          </Button>
        ) : undefined
      }
    >
      <p>{advice}</p>
      {requestId === undefined ? null : (
        <p>
          Request <code>{requestId}</code>
        </p>
      )}
    </Notice>
  );
}

/** Returns the seconds that the server asked to wait, counting down. */
function useWait(error: unknown): number {
  const asked = error instanceof HaloError ? Math.ceil((error.retryAfterMs ?? 0) / 1_000) : 0;
  const [left, setLeft] = useState(asked);
  useEffect(() => {
    setLeft(asked);
    const until = Date.now() + asked * 1_000;
    if (asked === 0) return;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1_000))), 500);
    return () => clearInterval(timer);
  }, [asked]);
  return left;
}
