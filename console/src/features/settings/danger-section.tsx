import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { DeletionForm } from './deletion-form.js';
import { Section } from './section.js';
import classes from './settings-form.module.css';

/** The way out for good: first what it means, then the form. */
export function DangerSection({ name }: { readonly name: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Section danger title="Delete the account">
      <p>Deleting it cannot be undone, neither by you nor by whoever runs this server. It erases:</p>
      <ul className={classes.points}>
        <li>all keys and values, with their history, metadata and everything in the trash</li>
        <li>all API tokens and all sessions, so that every program and device is cut off at once</li>
        <li>the account itself: the name {name} is free for anybody afterwards</li>
      </ul>
      <p>
        <Link to="/transfer">Export your keys</Link> first if you may want them again.
      </p>
      {open ? (
        <DeletionForm name={name} onCancel={() => setOpen(false)} />
      ) : (
        <Button variant="default" onClick={() => setOpen(true)}>
          Delete account…
        </Button>
      )}
    </Section>
  );
}
