import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { HaloError } from 'halo-client';
import { useState } from 'react';
import { failureTitle } from '../../explain.js';
import { session } from '../../session/browser-session.js';
import { SessionEndedError } from '../../session/session.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { useWait } from '../../ui/use-wait.js';
import { WaitButton } from '../../ui/wait-button.js';
import { WaitNotice } from '../../ui/wait-notice.js';
import classes from './settings-form.module.css';
import { useAfterClose } from './use-after-close.js';

export interface DeletionFormProps {
  readonly name: string;
  readonly onCancel: () => void;
}

/** Asks for the account's name and password, and then once more. */
export function DeletionForm({ name, onCancel }: DeletionFormProps) {
  const wait = useWait();
  const [asking, setAsking] = useState(false);
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const form = useForm({
    name: 'deletion',
    initialValues: { name: '', password: '' },
    validate: {
      name: (typed) => (typed.trim() === name ? null : `Type ${name} to confirm that you mean this account.`),
      password: (password) => (password === '' ? 'Enter your password.' : null),
    },
  });
  const leadToPassword = useAfterClose(asking, () => form.getInputNode('password')?.focus());

  async function deleteAccount() {
    setPending(true);
    setError(undefined);
    wait.lift();
    try {
      await session.deleteAccount(form.values.password);
    } catch (cause) {
      if (!wait.beginFor(cause)) refuse(cause);
    } finally {
      setPending(false);
      setAsking(false);
    }
  }

  function refuse(cause: unknown) {
    if (cause instanceof HaloError && cause.problem?.pointer === '/password') {
      form.setFieldError('password', 'This is not your password. Nothing was deleted.');
      leadToPassword();
    } else if (!(cause instanceof SessionEndedError)) setError(cause);
  }

  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(
        () => {
          if (wait.seconds === 0) setAsking(true);
        },
        (errors) => form.getInputNode(errors.name ? 'name' : 'password')?.focus(),
      )}
    >
      <WaitNotice wait={wait} />
      {error === undefined ? null : (
        <ErrorNotice title={failureTitle('The account was not deleted', error)} error={error} />
      )}
      <TextInput
        {...form.getInputProps('name')}
        label="Name of the account"
        placeholder={name}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
      />
      <PasswordInput
        {...form.getInputProps('password')}
        label="Password"
        autoComplete="current-password"
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <div className={classes.actions}>
        <Button variant="default" onClick={onCancel}>
          Keep the account
        </Button>
        <WaitButton label="Delete account" color="red" pending={pending} wait={wait} />
      </div>
      <ConfirmDialog
        opened={asking}
        title={`Delete ${name} for good?`}
        confirm="Delete for good"
        cancel="Keep the account"
        pending={pending}
        onConfirm={deleteAccount}
        onCancel={() => setAsking(false)}
      >
        <p>Everything in the account is erased at once. There is no way back.</p>
      </ConfirmDialog>
    </form>
  );
}
