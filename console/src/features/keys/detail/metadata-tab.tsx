import { Button } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useKeyShortcut } from '../../../ui/use-shortcut.js';
import type { Snapshot } from '../snapshot.js';
import { ExpirySection } from './expiry-section.js';
import { MetadataEditor } from './metadata-editor.js';
import classes from './metadata-tab.module.css';
import { metadataRows } from './metadata-text.js';

export interface MetadataTabProps {
  readonly snapshot: Snapshot;
  readonly now: number;
}

/** What goes with a value: its metadata, and when it expires. */
export default function MetadataTab({ snapshot, now }: MetadataTabProps) {
  // Frozen when editing begins, as a value is.
  const [base, setBase] = useState<Snapshot>();
  const [edited, setEdited] = useState(false);
  useKeyShortcut('e', () => setBase(snapshot), base === undefined);

  function finish() {
    setBase(undefined);
    setEdited(true);
  }

  return (
    <div className={classes.root}>
      <section aria-labelledby="metadata-title">
        <div className={classes.head}>
          <h3 id="metadata-title" className={classes.title}>
            Metadata
          </h3>
          {base === undefined ? (
            <Button
              variant="default"
              autoFocus={edited}
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => setBase(snapshot)}
            >
              Edit metadata
            </Button>
          ) : null}
        </div>
        {base === undefined ? (
          <MetadataTable metadata={snapshot.metadata} />
        ) : (
          <MetadataEditor base={base} onDone={finish} />
        )}
      </section>
      <ExpirySection snapshot={snapshot} now={now} />
    </div>
  );
}

function MetadataTable({ metadata }: { readonly metadata: string | undefined }) {
  const rows = metadataRows(metadata);
  if (rows.length === 0) {
    return (
      <p className={classes.lead}>
        None. Metadata is a small JSON object that is listed with the key, such as an owner or a version.
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={classes.scroll} tabIndex={0} aria-label="Rows of metadata">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
