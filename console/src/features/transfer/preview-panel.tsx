import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { formatBytes } from '../../ui/bytes.js';
import { Notice } from '../../ui/notice.js';
import { useOnline } from '../../ui/use-online.js';
import { Counts } from './counts.js';
import { FaultTable } from './fault-table.js';
import { formatCount, formatMany } from './format-count.js';
import type { ConflictRule } from './import-run.js';
import type { Preview } from './preview.js';
import classes from './preview-panel.module.css';
import { RuleChoice } from './rule-choice.js';
import screen from './transfer-screen.module.css';

export interface PreviewPanelProps {
  readonly file: File;
  readonly preview: Preview;
  readonly onStart: (rule: ConflictRule, isDry: boolean) => void;
}

/** What an import would do, the choice of what to do about keys that exist, and the start. */
export function PreviewPanel({ file, preview, onStart }: PreviewPanelProps) {
  const [rule, setRule] = useState<ConflictRule>('skip');
  const online = useOnline();
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const { fresh, changed, same, invalid, faults } = preview;
  const keys = fresh + changed + same;
  if (preview.isWhole && keys + preview.over + invalid === 0) {
    return (
      <Notice tone="plain" title={file.size === 0 ? 'The file is empty' : 'The file has no keys'}>
        <p>Choose another one. An export that has keys has a line for each of them.</p>
      </Notice>
    );
  }
  const isEmpty = preview.isWhole && keys === 0;
  return (
    <div ref={panel} tabIndex={-1} className={classes.panel} data-preview>
      <Counts
        label="What the file has"
        counts={[
          { name: 'New', count: fresh, note: 'do not exist yet' },
          { name: 'Changed', count: changed, note: 'exist and differ' },
          { name: 'Same', count: same, note: 'exist just so' },
          { name: 'Invalid', count: invalid, note: 'lines to be left out', isBad: true },
        ]}
      />
      <Asides file={file} preview={preview} />
      {faults.length === 0 ? null : (
        <FaultTable title="The first invalid lines" faults={faults} total={invalid} />
      )}
      {isEmpty ? null : (
        <>
          <RuleChoice
            rule={rule}
            existing={preview.isWhole ? changed + same : undefined}
            onChange={setRule}
          />
          <div className={screen.actions}>
            <Button onClick={() => onStart(rule, false)} disabled={!online}>
              Import
            </Button>
            <Button variant="default" onClick={() => onStart(rule, true)} disabled={!online}>
              Try without changing anything
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

/** What else there is to know before an import. */
function Asides({ file, preview }: { readonly file: File; readonly preview: Preview }) {
  const { lines, bytes, isWhole, over, repeated, verdict } = preview;
  return (
    <>
      {isWhole ? null : (
        <Notice tone="plain" title={`Counted in the first ${formatCount(lines)} lines only`}>
          <p>
            That is {formatBytes(bytes)} of {formatBytes(file.size)}. The import takes the whole file; to have
            all of it judged first, try it without changing anything.
          </p>
        </Notice>
      )}
      {verdict === 'truncated' ? (
        <Notice tone="warn" title="The file is incomplete">
          <p>
            The end line of the export is missing, so that keys may be missing too. What is there can be
            imported.
          </p>
        </Notice>
      ) : null}
      {verdict === 'damaged' ? (
        <Notice tone="warn" title="The file is not as it was exported">
          <p>Its lines do not match the checksum at its end: it was edited, or damaged on the way.</p>
        </Notice>
      ) : null}
      {over + repeated === 0 && verdict !== 'complete' ? null : (
        <ul className={classes.asides}>
          {verdict === 'complete' ? <li>The file is complete: its checksum is right.</li> : null}
          {over === 0 ? null : (
            <li>{formatMany(over, 'key has', 'keys have')} expired already and will be left out.</li>
          )}
          {repeated === 0 ? null : (
            <li>
              {formatMany(repeated, 'line repeats a key', 'lines repeat a key')} that came before; the rule
              below applies to {repeated === 1 ? 'it' : 'them'} too.
            </li>
          )}
        </ul>
      )}
    </>
  );
}
