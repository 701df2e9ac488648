import { Button } from '@mantine/core';
import { ScreenLoadError } from './load-screen.js';
import { Notice } from './notice.js';

export interface FailureNoticeProps {
  readonly error: unknown;
  readonly title?: string;
}

/** What to do about a part of the console that could not be loaded, or that broke. */
export function FailureNotice({ error, title }: FailureNoticeProps) {
  return (
    <Notice
      tone="danger"
      {...(title === undefined ? {} : { title })}
      announce
      actions={
        <Button variant="default" onClick={() => window.location.reload()}>
          Reload
        </Button>
      }
    >
      {error instanceof ScreenLoadError
        ? 'Halo may have been updated since this page was opened, or the connection is gone. Reload the page to go on.'
        : 'This is a fault in the console. Your keys are not affected. Reload the page to try again.'}
    </Notice>
  );
}
