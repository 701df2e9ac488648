import { lazy, Suspense } from 'react';
import { useSession } from '../../session/use-session.js';
import { CopyButton } from '../../ui/copy-button.js';
import { setValueCommand, tokenCommand } from './curl-commands.js';
import { EditorSkeleton } from './editor-skeleton.js';
import classes from './getting-started.module.css';

const CreateForm = lazy(() => import('./create-form.js'));

/** An account without keys: the first one can be set here, or from a terminal. */
export function GettingStarted() {
  const state = useSession();
  if (state.status !== 'active') return null;
  const { origin } = window.location;
  return (
    <div className={classes.root}>
      <h2>Set your first value</h2>
      <p className={classes.lead}>A key is any text; slashes make it easy to find again.</p>
      <Suspense fallback={<EditorSkeleton />}>
        <CreateForm initialKey="hello" initialText={'{\n  "hello": "world"\n}'} />
      </Suspense>
      <h2 className={classes.terminal}>Or from a terminal</h2>
      <p className={classes.lead}>
        First get an access token into <code>HALO_TOKEN</code>; it asks for your password and lasts 15
        minutes.
      </p>
      <Command name="Copy the log-in command" text={tokenCommand(origin, state.account.name)} />
      <p className={classes.lead}>Then set a value:</p>
      <Command name="Copy the command" text={setValueCommand(origin)} />
    </div>
  );
}

function Command({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div className={classes.command}>
      <pre className={classes.text}>{text}</pre>
      <CopyButton text={text} name={name} />
    </div>
  );
}
