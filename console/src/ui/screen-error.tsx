import { Button } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ScreenLoadError } from './load-screen.js';
import { Notice } from './notice.js';
import { Screen } from './screen.js';

/** What shows in place of a screen that could not be loaded, or that broke. The rest of the page still works. */
export function ScreenError({ error }: ErrorComponentProps) {
  const missing = error instanceof ScreenLoadError;
  return (
    <Screen title={missing ? 'This screen could not be loaded' : 'This screen has failed'}>
      <Notice
        tone="danger"
        announce
        actions={
          <Button variant="default" onClick={() => window.location.reload()}>
            Reload
          </Button>
        }
      >
        {missing
          ? 'Halo may have been updated since this page was opened, or the connection is gone. Reload the page to go on.'
          : 'This is a fault in the console. Your keys are not affected. Reload the page to try again.'}
      </Notice>
    </Screen>
  );
}
