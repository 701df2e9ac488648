import { formatBytes } from '../../ui/bytes.js';
import { formatAgo, formatDuration, formatInstant } from '../../ui/relative-time.js';
import classes from './facts.module.css';
import type { Snapshot } from './snapshot.js';

export interface FactsProps {
  readonly snapshot: Snapshot;
  readonly now: number;
}

/** What there is to know about a key besides its value. */
export function Facts({ snapshot, now }: FactsProps) {
  const { revision, size, contentType, createdAt, updatedAt, expiresAt } = snapshot;
  return (
    <>
      <ul className={classes.facts} aria-label="About this value">
        <li className={classes.pill}>revision {revision}</li>
        {size === undefined ? null : (
          <li className={classes.pill} title={`${size.toLocaleString()} bytes`}>
            {formatBytes(size)}
          </li>
        )}
        <li className={classes.pill}>{contentType}</li>
        {expiresAt === undefined ? null : (
          <li className={classes.pill}>expires in {formatDuration(Date.parse(expiresAt) - now)}</li>
        )}
      </ul>
      <dl className={classes.times}>
        {createdAt === undefined ? null : <Time name="Created" at={createdAt} />}
        {updatedAt === undefined ? null : (
          <Time name="Updated" at={updatedAt} note={formatAgo(now - Date.parse(updatedAt))} />
        )}
        {expiresAt === undefined ? null : <Time name="Expires" at={expiresAt} />}
      </dl>
    </>
  );
}

function Time({ name, at, note }: { readonly name: string; readonly at: string; readonly note?: string }) {
  return (
    <div className={classes.time}>
      <dt>{name}</dt>
      <dd>
        <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>
          {formatInstant(at)}
        </time>
        {note === undefined ? null : ` (${note})`}
      </dd>
    </div>
  );
}
