import { Kbd, SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import pane from '../pane.module.css';
import type { Snapshot } from '../snapshot.js';
import { decodeText } from '../value-text.js';
import { ValueView } from '../value-view.js';
import classes from './value-tab.module.css';
import { type Viewer, viewerNames, viewersOf } from './viewers.js';

export interface ValueTabProps {
  readonly snapshot: Snapshot;
  readonly canEdit: boolean;
  readonly viewer: Viewer | undefined;
  readonly onView: (viewer: Viewer) => void;
}

/** The value, read-only, in the way that fits its content type or in any other that can show it. */
export function ValueTab({ snapshot, canEdit, viewer, onView }: ValueTabProps) {
  const { body, contentType } = snapshot;
  const text = useMemo(() => (body === undefined ? undefined : decodeText(body)), [body]);
  const viewers = viewersOf(contentType, text !== undefined);
  const shown = viewer !== undefined && viewers.includes(viewer) ? viewer : viewers[0];
  return (
    <>
      {body === undefined || viewers.length === 1 ? null : (
        <div className={classes.bar}>
          <SegmentedControl
            aria-label="Show as"
            data={viewers.map((value) => ({ value, label: viewerNames[value] }))}
            value={shown}
            onChange={onView}
          />
        </div>
      )}
      <div className={pane.value}>
        <ValueView snapshot={snapshot} text={text} viewer={shown} />
      </div>
      <p className={pane.hints}>
        {canEdit ? (
          <span>
            <Kbd>E</Kbd> edit
          </span>
        ) : null}
        <span>
          <Kbd>/</Kbd> search
        </span>
        <span>
          <Kbd>?</Kbd> shortcuts
        </span>
      </p>
    </>
  );
}
