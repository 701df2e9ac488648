import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { failureTitle } from '../../explain.js';
import { useSession } from '../../session/use-session.js';
import { CopyButton } from '../../ui/copy-button.js';
import { toastFailure } from '../../ui/toast.js';
import { setValueCommand, tokenCommand } from './curl-commands.js';
import { EditorSkeleton } from './editor-skeleton.js';
import classes from './getting-started.module.css';
import { useKeyCache } from './queries.js';
import { toastBulk, undoBulk } from './tree/bulk/undo-bulk.js';
import { addSampleData } from './tree/sample-data.js';

const CreateForm = lazy(() => import('./create-form.js'));

/** An account without keys: the first one can be set here or from a terminal, or samples be looked at. */
export function GettingStarted() {
  const state = useSession();
  if (state.status !== 'active') return null;
  const { origin } = window.location;
  return (
    <div className={classes.root}>
      <h2>Set your first value</h2>
      <p className={classes.lead}>A key is any text; slashes put it into folders.</p>
      <Suspense fallback={<EditorSkeleton />}>
        <CreateForm initialKey="hello" initialText={'{\n  "hello": "world"\n}'} />
      </Suspense>
      <SampleData />
      <h2 className={classes.section}>Or from a terminal</h2>
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

function SampleData() {
  const cache = useKeyCache();
  const [pending, setPending] = useState(false);

  async function add() {
    setPending(true);
    try {
      const { revision, count } = await addSampleData();
      await cache.committed([revision]);
      toastBulk({
        title: 'Sample data added',
        message: `${count} keys in one commit`,
        onUndo: async () => cache.committed(await undoBulk([revision])),
      });
    } catch (error) {
      toastFailure(failureTitle('The sample data was not added', error), error);
    } finally {
      setPending(false);
    }
  }

  return (
    <>
      <h2 className={classes.section}>Or look around first</h2>
      <p className={classes.lead}>
        A dozen keys as an application might keep them: folders, texts, JSON, some that expire.
      </p>
      <Button variant="default" loading={pending} onClick={add}>
        Add sample data
      </Button>
    </>
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
