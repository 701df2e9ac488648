import { Button } from '@mantine/core';
import { explain } from '../../explain.js';
import { Notice } from '../../ui/notice.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './trash-screen.module.css';
import type { Outcome } from './use-trash-work.js';

/** How many of those that failed are named; the rest is counted. */
const namesMax = 10;

/** What came of many keys, when it was not simply all of them. */
export function OutcomeNotice({
  outcome,
  onClose,
}: {
  readonly outcome: Outcome;
  readonly onClose: () => void;
}) {
  const { kind, total, result } = outcome;
  const { done, failed } = result;
  const verb = kind === 'restore' ? 'Restored' : 'Purged';
  const untouched = total - done - failed.length;
  return (
    <Notice
      tone={failed.length > 0 ? 'danger' : 'plain'}
      announce
      title={`${verb} ${done} of ${total} keys`}
      actions={
        <Button variant="default" onClick={onClose}>
          Dismiss
        </Button>
      }
    >
      {untouched > 0 ? <p>{untouched} were not begun.</p> : null}
      {failed.length > 0 ? (
        <ul className={classes.failures}>
          {failed.slice(0, namesMax).map(({ item, error }) => (
            <li key={item.key}>
              <code>{visibleKey(item.key)}</code>: {explain(error).detail}
            </li>
          ))}
          {failed.length > namesMax ? <li>and {failed.length - namesMax} more</li> : null}
        </ul>
      ) : null}
    </Notice>
  );
}
