import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { limits } from 'halo-contract';
import { useRef, useState } from 'react';
import { DiscardDialog } from '../../../ui/discard-dialog.js';
import { Notice } from '../../../ui/notice.js';
import { useOnline } from '../../../ui/use-online.js';
import { useSaveShortcut } from '../../../ui/use-shortcut.js';
import type { Snapshot } from '../snapshot.js';
import { useDraftGuard } from '../use-draft-guard.js';
import classes from './metadata-editor.module.css';
import { type MetadataRow, metadataBytes, metadataOfRows, metadataRows, rowFault } from './metadata-text.js';
import { SaveProblem } from './save-problem.js';
import { useEscape } from './use-escape.js';
import { useMetadataSave } from './use-metadata-save.js';

interface DraftRow extends MetadataRow {
  readonly id: number;
}

export interface MetadataEditorProps {
  /** The key as it was when editing began. */
  readonly base: Snapshot;
  readonly onDone: () => void;
}

/** Metadata row by row. Values are JSON as it is written, so that no number changes that is not typed over. */
export function MetadataEditor({ base, onDone }: MetadataEditorProps) {
  const [before] = useState(() => metadataRows(base.metadata));
  const [rows, setRows] = useState<readonly DraftRow[]>(() => withIds(before));
  const nextId = useRef(rows.length);
  const [asking, setAsking] = useState(false);
  const online = useOnline();
  const dirty = metadataOfRows(rows) !== metadataOfRows(before);
  const guard = useDraftGuard(dirty);
  const bytes = metadataBytes(rows);
  const faults = rows.map((row) => rowFault(row, rows));
  const fits = bytes <= limits.metadataBytesMax;
  const { pending, error, conflict, ...draft } = useMetadataSave(base, () => metadataOfRows(rows), onDone);
  const canSave = online && !pending && fits && faults.every((fault) => fault === undefined);
  const cancel = () => (dirty ? setAsking(true) : onDone());
  useSaveShortcut(() => draft.save(), canSave);
  useEscape(cancel);

  const change = (id: number, part: Partial<MetadataRow>) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));

  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (canSave) void draft.save();
      }}
    >
      {error === undefined ? null : <SaveProblem error={error} onRetry={() => draft.save()} />}
      {conflict === undefined ? null : (
        <Notice
          tone="warn"
          title={conflict === 'gone' ? 'Not saved: the key is gone' : 'Not saved: the key changed meanwhile'}
          announce
          actions={
            <>
              <Button variant="default" onClick={draft.useTheirs}>
                Discard mine
              </Button>
              {conflict === 'gone' ? null : (
                <Button variant="default" disabled={!canSave} onClick={draft.overwrite}>
                  Save over it
                </Button>
              )}
            </>
          }
        >
          <p>
            {conflict === 'gone'
              ? 'It was deleted or has expired; restore it from its history first.'
              : 'Saving over it puts this metadata with the newer value, which stays.'}
          </p>
        </Notice>
      )}
      {rows.map(({ id, name, value }, index) => (
        <div key={id} className={classes.row}>
          <TextInput
            className={classes.name ?? ''}
            aria-label={`Name ${index + 1}`}
            placeholder="owner"
            value={name}
            autoFocus={index === rows.length - 1}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            onChange={({ currentTarget }) => change(id, { name: currentTarget.value })}
          />
          <TextInput
            className={classes.value ?? ''}
            aria-label={`Value ${index + 1}`}
            placeholder={'"platform"'}
            value={value}
            error={faults[index]}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            onChange={({ currentTarget }) => change(id, { value: currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove row ${index + 1}`}
            title="Remove"
            onClick={() => setRows(rows.filter((row) => row.id !== id))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      <div className={classes.foot}>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => {
            setRows([...rows, { id: nextId.current, name: '', value: '' }]);
            nextId.current += 1;
          }}
        >
          Add a row
        </Button>
        <span className={classes.count} data-over={!fits || undefined} role="status">
          {bytes.toLocaleString()} of {limits.metadataBytesMax.toLocaleString()} bytes
          {fits ? '' : ': too many to save'}
        </span>
        <Button variant="default" disabled={pending} onClick={cancel}>
          Cancel
        </Button>
        <Button type="submit" disabled={!canSave} loading={pending}>
          Save
        </Button>
      </div>
      <DiscardDialog opened={asking} onDiscard={onDone} onKeep={() => setAsking(false)} />
      {guard.dialog}
    </form>
  );
}

/** Without any there is one to begin with. */
function withIds(rows: readonly MetadataRow[]): readonly DraftRow[] {
  const some = rows.length === 0 ? [{ name: '', value: '' }] : rows;
  return some.map((row, id) => ({ ...row, id }));
}
