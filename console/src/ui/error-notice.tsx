import { Button } from '@mantine/core';
import { explain } from '../explain.js';
import { Notice } from './notice.js';
import classes from './notice.module.css';

export interface ErrorNoticeProps {
  /** What could not be done, such as `The keys could not be loaded`. */
  readonly title: string;
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** An error in its place, with what to do about it and the id to quote when asking for help. */
export function ErrorNotice({ title, error, onRetry }: ErrorNoticeProps) {
  const { detail, requestId } = explain(error);
  return (
    <Notice
      tone="danger"
      title={title}
      announce
      actions={
        onRetry === undefined ? undefined : (
          <Button variant="default" onClick={onRetry}>
            Retry
          </Button>
        )
      }
    >
      <p>{detail}</p>
      {requestId === undefined ? null : (
        <p className={classes.request}>
          Request <code>{requestId}</code>
        </p>
      )}
    </Notice>
  );
}
