import type { ErrorComponentProps } from '@tanstack/react-router';
import { FailureNotice } from './failure-notice.js';
import { ScreenLoadError } from './load-screen.js';
import { Screen } from './screen.js';

/** What shows in place of a screen that could not be loaded, or that broke. The rest of the page still works. */
export function ScreenError({ error }: ErrorComponentProps) {
  const missing = error instanceof ScreenLoadError;
  return (
    <Screen title={missing ? 'This screen could not be loaded' : 'This screen has failed'}>
      <FailureNotice error={error} />
    </Screen>
  );
}
