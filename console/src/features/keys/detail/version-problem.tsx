import { hasCode } from '../../../explain.js';
import { ErrorNotice } from '../../../ui/error-notice.js';
import { Notice } from '../../../ui/notice.js';

export interface VersionProblemProps {
  readonly error: unknown;
  readonly onRetry: () => void;
}

/** Why a version cannot be shown. */
export function VersionProblem({ error, onRetry }: VersionProblemProps) {
  if (hasCode(error, 'pruned', 'not-found')) {
    return (
      <Notice tone="plain" title="This version has been pruned">
        <p>Its value is no longer kept. Versions are kept for a time and up to a number.</p>
      </Notice>
    );
  }
  return <ErrorNotice title="The version could not be loaded" error={error} onRetry={onRetry} />;
}
