import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ErrorNotice } from '../../../../ui/error-notice.js';
import { Notice } from '../../../../ui/notice.js';
import { visibleKey } from '../../../../ui/visible-key.js';
import { countKeys } from '../list-requests.js';
import classes from './bulk-dialog.module.css';
import { type BulkPlan, beginBulk, destinationFault, planBulk } from './bulk-plan.js';
import type { BulkTask } from './bulk-task.js';
import { bulkWords, keysText } from './bulk-words.js';
import type { BulkWork } from './bulk-work.js';

export interface TransferQuestionProps {
  readonly task: Extract<BulkTask, { prefix: string }>;
  readonly onStart: (work: BulkWork, count: number) => void;
  readonly onCancel: () => void;
}

interface Counted extends BulkPlan {
  /** Keys that are at the destination already. */
  readonly there: number;
}

/** Asks where a folder should go, then says how many keys that concerns before anything is done. */
export function TransferQuestion({ task, onStart, onCancel }: TransferQuestionProps) {
  const { kind, prefix, delimiter } = task;
  const [to, setTo] = useState(prefix);
  const [fault, setFault] = useState<string>();
  const [plan, setPlan] = useState<Counted>();
  const [error, setError] = useState<unknown>();
  const [pending, setPending] = useState(false);
  const { verb } = bulkWords[kind];

  function change(next: string): void {
    setTo(next);
    setFault(undefined);
    setPlan(undefined);
    setError(undefined);
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (plan !== undefined) return onStart(beginBulk(task, plan, to), plan.count);
    const found = destinationFault(prefix, to, delimiter);
    setFault(found);
    if (found !== undefined) return;
    setPending(true);
    setError(undefined);
    try {
      const [counted, there] = await Promise.all([planBulk(task, to), countKeys(to)]);
      setPlan({ ...counted, there: there.count });
    } catch (cause) {
      setError(cause);
    } finally {
      setPending(false);
    }
  }

  return (
    <form className={classes.body} onSubmit={submit}>
      <p>
        From <code className={classes.key}>{visibleKey(prefix)}</code>
      </p>
      <TextInput
        data-autofocus
        label="To"
        value={to}
        error={fault}
        onChange={(event) => change(event.currentTarget.value)}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
      />
      {error === undefined ? null : <ErrorNotice title={`${verb} is not possible`} error={error} />}
      {plan === undefined ? null : (
        <Notice tone={plan.there === 0 ? 'plain' : 'warn'} announce>
          <p>{plan.count === 0 ? 'There are no keys any more.' : `This concerns ${keysText(plan.count)}.`}</p>
          {plan.there === 0 ? null : (
            <p>
              At the destination {plan.there === 1 ? 'is' : 'are'} {keysText(plan.there)} already. Those of
              the same name are replaced; their history keeps the old values.
            </p>
          )}
        </Notice>
      )}
      <div className={classes.actions}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" loading={pending} disabled={plan?.count === 0}>
          {plan === undefined ? 'Continue' : `${verb} ${keysText(plan.count)}`}
        </Button>
      </div>
    </form>
  );
}
