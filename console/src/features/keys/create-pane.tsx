import { lazy, Suspense } from 'react';
import { BackLink } from './detail-header.js';
import header from './detail-header.module.css';
import { EditorSkeleton } from './editor-skeleton.js';
import classes from './pane.module.css';

const CreateForm = lazy(() => import('./create-form.js'));

/** Setting a value for a key that is not there yet. */
export function CreatePane({ initialKey }: { readonly initialKey: string }) {
  return (
    <div className={classes.pane}>
      <div className={header.header}>
        <BackLink />
        <h2>Set a value</h2>
      </div>
      <Suspense fallback={<EditorSkeleton />}>
        <CreateForm initialKey={initialKey} initialText="" cancellable />
      </Suspense>
    </div>
  );
}
