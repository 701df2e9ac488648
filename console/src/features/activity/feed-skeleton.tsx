import { Skeleton } from '@mantine/core';
import classes from './activity-screen.module.css';

/** What will be, while it is on its way. */
export function FeedSkeleton() {
  return (
    <div className={classes.feed} aria-busy="true">
      {[44, 61, 38, 52, 47].map((width) => (
        <div key={width} className={classes.skeleton}>
          <Skeleton height={10} width="28%" radius="sm" />
          <Skeleton height={10} width={`${width}%`} radius="sm" />
        </div>
      ))}
    </div>
  );
}
