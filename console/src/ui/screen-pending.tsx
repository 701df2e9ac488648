import { Skeleton } from '@mantine/core';
import classes from './screen.module.css';

/** What stands in for a screen whose code is on its way for longer than a moment. */
export function ScreenPending() {
  return (
    <div className={classes.screen} aria-busy="true">
      <div className={classes.column}>
        <Skeleton height={28} width={160} radius="sm" />
        <Skeleton height={12} width="60%" radius="sm" />
        <Skeleton height={240} radius="md" />
      </div>
    </div>
  );
}
