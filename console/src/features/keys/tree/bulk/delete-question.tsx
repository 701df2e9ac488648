import { Button, Skeleton, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useEffectEvent, useState } from 'react';
import { ErrorNotice } from '../../../../ui/error-notice.js';
import { Notice } from '../../../../ui/notice.js';
import { visibleKey } from '../../../../ui/visible-key.js';
import classes from './bulk-dialog.module.css';
import { type BulkPlan, beginBulk, planBulk } from './bulk-plan.js';
import type { BulkTask } from './bulk-task.js';
import { keysText } from './bulk-words.js';
import type { BulkWork } from './bulk-work.js';

export interface DeleteQuestionProps {
  readonly task: BulkTask;
  readonly onStart: (work: BulkWork, count: number) => void;
  readonly onCancel: () => void;
}

/** Asks with the count that the server gave, and wants it typed: many keys are not deleted by a slip. */
export function DeleteQuestion({ task, onStart, onCancel }: DeleteQuestionProps) {
  const [plan, setPlan] = useState<BulkPlan>();
  const [error, setError] = useState<unknown>();
  const [typed, setTyped] = useState('');
  const [changed, setChanged] = useState(false);
  const [pending, setPending] = useState(false);

  async function ask(): Promise<BulkPlan | undefined> {
    setError(undefined);
    try {
      const next = await planBulk(task);
      setPlan(next);
      return next;
    } catch (cause) {
      setError(cause);
      return undefined;
    }
  }

  const askFirst = useEffectEvent(() => void ask());
  useEffect(() => askFirst(), []);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (plan === undefined || !isTyped(typed, plan.count)) return;
    setPending(true);
    // What was agreed to is this many keys. Since then there may have come some more.
    const now = await ask();
    setPending(false);
    if (now === undefined) return;
    if (now.count === plan.count) return onStart(beginBulk(task, now), now.count);
    setChanged(true);
    setTyped('');
  }

  return (
    <form className={classes.body} onSubmit={submit}>
      {error === undefined ? null : (
        <ErrorNotice title="The keys could not be counted" error={error} onRetry={() => void ask()} />
      )}
      {changed ? (
        <Notice tone="warn" announce>
          <p>The folder has changed meanwhile. Look at the count again.</p>
        </Notice>
      ) : null}
      {plan === undefined ? (
        <Skeleton height={72} radius="sm" />
      ) : plan.count === 0 ? (
        <p>There are no keys any more.</p>
      ) : (
        <>
          <p>
            <strong>{keysText(plan.count)}</strong>
            {task.kind === 'delete-selected' ? null : (
              <>
                {' '}
                under <code className={classes.key}>{visibleKey(task.prefix)}</code>
              </>
            )}{' '}
            {plan.count === 1 ? 'moves' : 'move'} to the trash.
          </p>
          <TextInput
            data-autofocus
            autoFocus
            label={`Type ${plan.count} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="off"
          />
        </>
      )}
      <div className={classes.actions}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button
          type="submit"
          color="red"
          loading={pending}
          disabled={plan === undefined || plan.count === 0 || !isTyped(typed, plan.count)}
        >
          {plan === undefined || plan.count === 0 ? 'Delete' : `Delete ${keysText(plan.count)}`}
        </Button>
      </div>
    </form>
  );
}

/** With or without what separates thousands. */
function isTyped(text: string, count: number): boolean {
  return text.replace(/[\s.,'’]/g, '') === String(count);
}
