import { Skeleton } from '@mantine/core';
import classes from './key-tree.module.css';

const widths = [62, 48, 71, 55, 66, 40, 58, 74, 51, 63, 45, 69];

/** Rows of the final height while the first page is on its way. */
export function ListSkeleton() {
  return (
    <div aria-busy="true">
      {widths.map((width) => (
        <div key={width} className={classes.skeleton}>
          <Skeleton height={10} width={`${width}%`} radius="sm" />
        </div>
      ))}
    </div>
  );
}
