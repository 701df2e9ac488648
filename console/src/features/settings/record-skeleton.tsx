import { Skeleton } from '@mantine/core';
import { Notice } from '../../ui/notice.js';
import { useOnline } from '../../ui/use-online.js';
import classes from './record-skeleton.module.css';

/** What stands in for records that are on their way, or that cannot come while there is no network. */
export function RecordSkeleton({ what }: { readonly what: string }) {
  const online = useOnline();
  if (!online) return <Notice tone="plain">{`The ${what} show as soon as you are online again.`}</Notice>;
  return (
    <div className={classes.root} aria-busy="true">
      {['first', 'second', 'third'].map((row) => (
        <div key={row} className={classes.row}>
          <Skeleton height={14} width="30%" radius="sm" />
          <Skeleton height={12} width="45%" radius="sm" />
        </div>
      ))}
    </div>
  );
}
