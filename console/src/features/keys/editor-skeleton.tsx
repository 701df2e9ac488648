import { Skeleton } from '@mantine/core';
import classes from './editor-skeleton.module.css';

const widths = ['8%', '46%', '62%', '38%', '54%', '8%'];

/** The frame of the editor while its code or its value arrives. */
export function EditorSkeleton() {
  return (
    <div className={classes.frame} aria-busy="true">
      {widths.map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change.
        <Skeleton key={index} height={10} width={width} radius="sm" />
      ))}
    </div>
  );
}
