import { Button } from '@mantine/core';
import { formatBytes } from '../../../ui/bytes.js';
import { actorName } from '../../../ui/device-name.js';
import { formatAgo, formatInstant } from '../../../ui/relative-time.js';
import { useNow } from '../../../ui/use-now.js';
import { isPruned, type Version } from './version.js';
import classes from './version-list.module.css';

export interface VersionListProps {
  /** Newest first. */
  readonly versions: readonly Version[];
  /** The revision that the key has, if it is there. */
  readonly current: number | undefined;
  readonly chosen: number | undefined;
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly onChoose: (revision: number) => void;
  readonly onMore: () => void;
}

const kinds = { set: 'Set', delete: 'Deleted', expire: 'Expired' } as const;

/** The versions of a key, each a row that chooses it. */
export function VersionList(props: VersionListProps) {
  const { versions, current, chosen, hasMore, loading, onChoose, onMore } = props;
  const now = useNow(30_000);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={classes.scroll} tabIndex={0} aria-label="Versions">
      <ol className={classes.list}>
        {versions.map((version) => {
          const { revision, kind, size, actor, written_at, expires_at } = version;
          return (
            <li key={revision}>
              <button
                type="button"
                className={classes.row}
                aria-pressed={revision === chosen}
                onClick={() => onChoose(revision)}
              >
                <span className={classes.revision}>{revision}</span>
                <span className={classes.kind}>
                  {kinds[kind]}
                  {revision === current ? ' · current' : ''}
                </span>
                <span className={classes.size}>
                  {size === null ? (isPruned(version) ? 'pruned' : '') : formatBytes(size)}
                </span>
                <span className={classes.actor} title={actor}>
                  {actorName(actor)}
                </span>
                <time className={classes.time} dateTime={written_at} title={written_at}>
                  {formatAgo(now - Date.parse(written_at))} · {formatInstant(written_at)}
                </time>
                {expires_at === null ? null : (
                  <span className={classes.expiry}>expires {formatInstant(expires_at)}</span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
      {hasMore ? (
        <Button className={classes.more ?? ''} variant="default" loading={loading} onClick={onMore}>
          Show older versions
        </Button>
      ) : null}
    </section>
  );
}
