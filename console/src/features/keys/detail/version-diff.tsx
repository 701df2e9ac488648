import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { formatBytes } from '../../../ui/bytes.js';
import { Notice } from '../../../ui/notice.js';
import { EditorSkeleton } from '../editor-skeleton.js';
import type { Snapshot } from '../snapshot.js';
import { contentKind, decodeText, sameBytes } from '../value-text.js';
import { useVersion } from './detail-queries.js';
import { hexOf } from './hex-text.js';
import classes from './version-diff.module.css';
import { VersionProblem } from './version-problem.js';

const MergeView = lazy(() => import('./merge-view.js'));

/** Bytes that are no text are compared in hex up to here, and by their fingerprints beyond. */
const comparedHexBytesMax = 65_536;

export interface VersionDiffProps {
  readonly name: string;
  readonly older: number;
  readonly newer: number;
  readonly current: Snapshot | undefined;
}

/** How two versions differ: the older on the left, the newer on the right. */
export function VersionDiff({ name, older, newer, current }: VersionDiffProps) {
  const left = useVersion(name, older, current);
  const right = useVersion(name, newer, current);
  const failed = left.error === null ? right : left;
  if (failed.error !== null) return <VersionProblem error={failed.error} onRetry={failed.refetch} />;
  if (left.data === undefined || right.data === undefined) return <EditorSkeleton />;
  return <Difference key={`${older} ${newer}`} older={left.data} newer={right.data} />;
}

interface Pair {
  readonly older: Snapshot;
  readonly newer: Snapshot;
}

function Difference({ older, newer }: Pair) {
  const [whole, setWhole] = useState(false);
  const narrow = useMediaQuery('(max-width: 767px)', undefined, { getInitialValueInEffect: false });
  const texts = useMemo(() => textsOf(older, newer), [older, newer]);
  const beside = <Beside older={older} newer={newer} />;
  if (older.body !== undefined && newer.body !== undefined && sameBytes(older.body, newer.body)) {
    return (
      <>
        {beside}
        <Notice tone="plain" title="The two values are the same, byte for byte" />
      </>
    );
  }
  if (texts === undefined) {
    return (
      <>
        {beside}
        <Fingerprints older={older} newer={newer} />
      </>
    );
  }
  return (
    <>
      {beside}
      <div className={classes.head}>
        <span>
          {narrow ? `Revision ${older.revision} → ${newer.revision}` : `Revision ${older.revision}`}
        </span>
        {narrow ? null : <span>Revision {newer.revision}</span>}
        <Button variant="subtle" color="gray" aria-pressed={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Fold unchanged lines' : 'Show all lines'}
        </Button>
      </div>
      <Suspense fallback={<EditorSkeleton />}>
        <MergeView
          key={`${whole} ${narrow}`}
          older={texts.older}
          newer={texts.newer}
          olderLabel={`Older, revision ${older.revision}`}
          newerLabel={`Newer, revision ${newer.revision}`}
          json={texts.json}
          folded={!whole}
          unified={narrow}
        />
      </Suspense>
    </>
  );
}

/** What else differs than the value. */
function Beside({ older, newer }: Pair) {
  const differences = [
    older.contentType === newer.contentType ? '' : `type ${older.contentType} → ${newer.contentType}`,
    older.metadata === newer.metadata ? '' : 'metadata changed',
    older.expiresAt === newer.expiresAt ? '' : expiryWords(newer),
  ].filter((words) => words !== '');
  return differences.length === 0 ? null : <p className={classes.beside}>{differences.join(' · ')}</p>;
}

function expiryWords({ expiresAt }: Snapshot): string {
  return expiresAt === undefined ? 'expiry removed' : 'expiry changed';
}

/** What to compare line by line: texts, or short bytes in hex. */
function textsOf({ body: a, contentType }: Snapshot, { body: b, contentType: newType }: Snapshot) {
  if (a === undefined || b === undefined) return undefined;
  const older = decodeText(a);
  const newer = decodeText(b);
  if (older !== undefined && newer !== undefined) {
    return { older, newer, json: contentKind(contentType) === 'json' && contentKind(newType) === 'json' };
  }
  return Math.max(a.length, b.length) <= comparedHexBytesMax
    ? { older: hexOf(a), newer: hexOf(b), json: false }
    : undefined;
}

/** Sizes and SHA-256 of values that are too long to compare here. */
function Fingerprints({ older, newer }: Pair) {
  return (
    <dl className={classes.prints}>
      {[older, newer].map((version) => (
        <div key={version.revision}>
          <dt>Revision {version.revision}</dt>
          <dd>
            {version.size === undefined ? 'too long to show' : formatBytes(version.size)}
            <Fingerprint body={version.body} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Fingerprint({ body }: { readonly body: Snapshot['body'] }) {
  const [hash, setHash] = useState<string>();
  useEffect(() => {
    // Browsers compute hashes for pages of https and of this machine alone.
    if (body === undefined || crypto.subtle === undefined) return;
    let shown = true;
    void crypto.subtle.digest('SHA-256', body).then((digest) => {
      if (shown) setHash(hexOf(new Uint8Array(digest)).replace(/\s/g, ''));
    });
    return () => {
      shown = false;
    };
  }, [body]);
  return hash === undefined ? null : <code className={classes.hash}>SHA-256 {hash}</code>;
}
