import { Skeleton } from '@mantine/core';
import { EditorSkeleton } from './editor-skeleton.js';
import classes from './facts.module.css';

/** The shape of a value that is on its way. */
export function DetailSkeleton() {
  return (
    <>
      <div className={classes.facts} aria-busy="true">
        <Skeleton height={24} width={84} radius="xl" />
        <Skeleton height={24} width={56} radius="xl" />
        <Skeleton height={24} width={124} radius="xl" />
      </div>
      <Skeleton height={10} width="60%" my={5} />
      <EditorSkeleton />
    </>
  );
}
