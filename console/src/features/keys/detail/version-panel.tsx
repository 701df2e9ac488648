import { NativeSelect, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { Notice } from '../../../ui/notice.js';
import { EditorSkeleton } from '../editor-skeleton.js';
import type { Snapshot } from '../snapshot.js';
import { decodeText } from '../value-text.js';
import { ValueView } from '../value-view.js';
import { useVersion } from './detail-queries.js';
import { RestoreButton } from './restore-button.js';
import { isPruned, type Version } from './version.js';
import { VersionDiff } from './version-diff.js';
import classes from './version-panel.module.css';
import { VersionProblem } from './version-problem.js';
import { viewersOf } from './viewers.js';

export interface VersionPanelProps {
  readonly name: string;
  readonly version: Version;
  /** All that are loaded, newest first. */
  readonly versions: readonly Version[];
  readonly current: Snapshot | undefined;
}

/** One version: what changed in it, its value, and the way back to it. */
export function VersionPanel({ name, version, versions, current }: VersionPanelProps) {
  const readable = versions.filter((each) => each.kind === 'set' && !isPruned(each));
  const others = readable.filter(({ revision }) => revision !== version.revision);
  const [chosen, setChosen] = useState<number>();
  const [side, setSide] = useState<'changes' | 'value'>('changes');
  // What a version changed shows against the one before it; the oldest is compared with the one after.
  const other = others.find(({ revision }) => revision === chosen) ?? defaultOther(others, version);
  const comparing = side === 'changes' && other !== undefined;

  if (version.kind !== 'set' || isPruned(version)) return <Unreadable version={version} />;
  const [older, newer] =
    other !== undefined && other.revision > version.revision ? [version, other] : [other, version];
  return (
    <>
      <div className={classes.bar}>
        {other === undefined ? null : (
          <>
            <SegmentedControl
              aria-label="Show of this version"
              data={[
                { value: 'changes', label: 'Changes' },
                { value: 'value', label: 'Value' },
              ]}
              value={side}
              onChange={setSide}
            />
            {comparing ? (
              <NativeSelect
                aria-label="Compare with"
                data={others.map(({ revision }) => ({
                  value: String(revision),
                  label: `against revision ${revision}`,
                }))}
                value={String(other.revision)}
                onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}
              />
            ) : null}
          </>
        )}
        <RestoreButton name={name} version={version} newest={versions[0]} />
      </div>
      {comparing && older !== undefined ? (
        <VersionDiff name={name} older={older.revision} newer={newer.revision} current={current} />
      ) : (
        <VersionValue name={name} revision={version.revision} current={current} />
      )}
    </>
  );
}

function defaultOther(others: readonly Version[], { revision }: Version): Version | undefined {
  return others.find((each) => each.revision < revision) ?? others.at(-1);
}

/** A version that has no value, or none any more. */
function Unreadable({ version }: { readonly version: Version }) {
  if (isPruned(version)) {
    return (
      <Notice tone="plain" title="This version has been pruned">
        <p>
          Halo keeps values for a time and a number of versions. That there was one is still known, its value
          is not, and it cannot be restored.
        </p>
      </Notice>
    );
  }
  return (
    <Notice
      tone="plain"
      title={version.kind === 'expire' ? 'Here the key expired' : 'Here the key was deleted'}
    >
      <p>Choose a version before it to see or restore what it was.</p>
    </Notice>
  );
}

interface VersionValueProps {
  readonly name: string;
  readonly revision: number;
  readonly current: Snapshot | undefined;
}

function VersionValue({ name, revision, current }: VersionValueProps) {
  const { data, error, refetch } = useVersion(name, revision, current);
  if (data === undefined) {
    return error === null ? <EditorSkeleton /> : <VersionProblem error={error} onRetry={refetch} />;
  }
  const text = data.body === undefined ? undefined : decodeText(data.body);
  const [viewer] = viewersOf(data.contentType, text !== undefined);
  return (
    <div className={classes.value}>
      <ValueView snapshot={data} text={text} viewer={viewer} label={`Value of revision ${revision}`} />
    </div>
  );
}
