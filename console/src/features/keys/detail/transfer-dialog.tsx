import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { hasCode } from '../../../explain.js';
import { SessionEndedError } from '../../../session/session.js';
import { toastUndo } from '../../../ui/undo-toast.js';
import { useOnline } from '../../../ui/use-online.js';
import { visibleKey } from '../../../ui/visible-key.js';
import { createRules } from '../create-rules.js';
import { useKeysSearch } from '../keys-search.js';
import { useKeyCache } from '../queries.js';
import type { Snapshot } from '../snapshot.js';
import { commit } from './detail-requests.js';
import { SaveProblem } from './save-problem.js';
import classes from './transfer-dialog.module.css';
import { useReshow } from './use-reshow.js';

const words = {
  move: { title: 'Rename key', field: 'New name', button: 'Rename', done: 'Renamed' },
  copy: { title: 'Copy key', field: 'Name of the copy', button: 'Copy', done: 'Copied' },
} as const;

export interface TransferDialogProps {
  readonly kind: 'move' | 'copy';
  readonly snapshot: Snapshot;
  readonly onClose: () => void;
}

/**
 * Gives a key another name, or a copy one. Value, metadata and expiry go along, in one commit that is refused
 * when the key is no longer what the person sees, or when the new name is taken.
 */
export function TransferDialog({ kind, snapshot, onClose }: TransferDialogProps) {
  const { key: from, revision } = snapshot;
  const { open } = useKeysSearch();
  const cache = useKeyCache();
  const reshow = useReshow();
  const online = useOnline();
  const [to, setTo] = useState(from);
  const [fault, setFault] = useState<'invalid' | 'taken' | 'changed'>();
  const [error, setError] = useState<unknown>();
  const [pending, setPending] = useState(false);
  const { title, field, button, done } = words[kind];

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (nameFault(from, to) === undefined) void transfer();
    else setFault('invalid');
  }

  async function transfer() {
    setPending(true);
    setError(undefined);
    try {
      const answer = await commit({
        checks: [
          { key: from, revision },
          { key: to, revision: 0 },
        ],
        mutations: [kind === 'move' ? { move: { from, to } } : { copy: { from, to } }],
      });
      finish(answer.revision);
    } catch (cause) {
      refuse(cause);
    } finally {
      setPending(false);
    }
  }

  function finish(committed: number) {
    onClose();
    cache.wrote({ ...snapshot, key: to, revision: committed }, snapshot.size ?? 0);
    void open(to);
    if (kind === 'move') cache.removed(from);
    toastUndo({
      title: done,
      message: `${visibleKey(from)} → ${visibleKey(to)}`,
      revision: committed,
      onUndone: takeBack,
    });
  }

  function takeBack() {
    cache.removed(to);
    if (kind === 'move') void reshow(from);
  }

  function refuse(cause: unknown) {
    if (hasCode(cause, 'check-failed')) {
      const { check } = cause.problem as { check?: unknown };
      setFault(check === 1 ? 'taken' : 'changed');
    } else if (hasCode(cause, 'not-found')) setFault('changed');
    else if (!(cause instanceof SessionEndedError)) setError(cause);
  }

  return (
    <Modal opened onClose={onClose} title={title} size={480}>
      <form className={classes.form} onSubmit={submit}>
        {error === undefined ? null : <SaveProblem error={error} onRetry={() => submit()} />}
        <TextInput
          label={field}
          value={to}
          data-autofocus
          classNames={{ input: classes.mono ?? '' }}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          error={
            fault === undefined ? undefined : (
              <Fault fault={fault} from={from} to={to} onOpen={() => open(to)} onClose={onClose} />
            )
          }
          onChange={({ currentTarget }) => {
            setTo(currentTarget.value);
            setFault(undefined);
          }}
        />
        <p className={classes.lead}>Its value, metadata and expiry go along.</p>
        <div className={classes.actions}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!online} loading={pending}>
            {button}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function nameFault(from: string, to: string): string | undefined {
  return to === from ? 'This is the name it has.' : (createRules.key(to) ?? undefined);
}

interface FaultProps {
  readonly fault: 'invalid' | 'taken' | 'changed';
  readonly from: string;
  readonly to: string;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/** What is in the way, and the way on. */
function Fault({ fault, from, to, onOpen, onClose }: FaultProps) {
  const cache = useKeyCache();
  if (fault === 'invalid') return nameFault(from, to) ?? null;
  const act = () => {
    onClose();
    if (fault === 'taken') onOpen();
    else void cache.reread(from);
  };
  return (
    <>
      {fault === 'taken'
        ? 'A key of this name exists already. '
        : 'The key has changed since you opened it. '}
      <button type="button" className={classes.link} onClick={act}>
        {fault === 'taken' ? 'Open it' : 'Reload it'}
      </button>
    </>
  );
}
