import { lazy, Suspense } from 'react';
import { DetailHeader } from './detail-header.js';
import { DetailSkeleton } from './detail-skeleton.js';
import classes from './pane.module.css';

// What a key can show and do is more than the list itself, which should be there first.
const OpenKey = lazy(() => import('./open-key.js'));

/** The key that is open. */
export function KeyPane({ name }: { readonly name: string }) {
  const waiting = (
    <div className={classes.pane} data-fill>
      <DetailHeader name={name} />
      <DetailSkeleton />
    </div>
  );
  return (
    <Suspense fallback={waiting}>
      <OpenKey name={name} />
    </Suspense>
  );
}
