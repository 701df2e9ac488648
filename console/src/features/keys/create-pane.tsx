import { CreateForm } from './create-form.js';
import { BackLink } from './detail-header.js';
import header from './detail-header.module.css';
import classes from './pane.module.css';

/** Setting a value for a key that is not there yet. */
export function CreatePane({ initialKey }: { readonly initialKey: string }) {
  return (
    <div className={classes.pane}>
      <div className={header.header}>
        <BackLink />
        <h2>Set a value</h2>
      </div>
      <CreateForm initialKey={initialKey} initialText="" cancellable />
    </div>
  );
}
