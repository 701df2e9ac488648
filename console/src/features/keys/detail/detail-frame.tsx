import type { ReactNode } from 'react';
import { DetailHeader } from '../detail-header.js';
import { Facts } from '../facts.js';
import pane from '../pane.module.css';
import type { Snapshot } from '../snapshot.js';
import { DetailTabs } from './detail-tabs.js';

export interface DetailFrameProps {
  readonly name: string;
  /** Undefined when the key is not there. */
  readonly snapshot: Snapshot | undefined;
  readonly now: number;
  readonly actions?: ReactNode;
  /** What has happened to the key, whichever side of it is shown. */
  readonly notice?: ReactNode;
  readonly children: ReactNode;
}

/** What surrounds each side of an open key: its name, what can be done with it, and the tabs. */
export function DetailFrame({ name, snapshot, now, actions, notice, children }: DetailFrameProps) {
  return (
    <div className={pane.pane} data-fill>
      <DetailHeader name={name} actions={actions} />
      {snapshot === undefined ? null : <Facts snapshot={snapshot} now={now} />}
      {notice}
      <DetailTabs>{children}</DetailTabs>
    </div>
  );
}
