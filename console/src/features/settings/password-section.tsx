import '@mantine/core/styles/Checkbox.css';
import { Checkbox, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { HaloError } from 'halo-client';
import { limits } from 'halo-contract';
import { useState } from 'react';
import { failureTitle, hasCode } from '../../explain.js';
import { passwordAdvice, passwordFault } from '../../session/credentials-rules.js';
import { SessionEndedError } from '../../session/session.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { toastSuccess } from '../../ui/toast.js';
import { useWait } from '../../ui/use-wait.js';
import { WaitButton } from '../../ui/wait-button.js';
import { WaitNotice } from '../../ui/wait-notice.js';
import { useSecurityCache } from './queries.js';
import { changePassword } from './requests.js';
import { Section } from './section.js';
import classes from './settings-form.module.css';

const empty = { current: '', next: '', revokeTokens: false };
type Values = typeof empty;

/** Changes the password; every other session ends with it. */
export function PasswordSection({ name }: { readonly name: string }) {
  const cache = useSecurityCache();
  const wait = useWait();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const form = useForm<Values>({
    name: 'password',
    initialValues: empty,
    validate: {
      current: (current) => (current === '' ? 'Enter your current password.' : null),
      next: (next, { current }) =>
        passwordFault(next) ?? (next === current ? 'This is the password that you have now.' : null),
    },
  });

  async function change({ current, next, revokeTokens }: Values) {
    if (wait.seconds > 0) return;
    setPending(true);
    setError(undefined);
    wait.lift();
    try {
      await changePassword({
        current_password: current,
        new_password: next,
        ...(revokeTokens ? { revoke_tokens: true } : {}),
      });
      form.reset();
      toastSuccess(
        'Password changed',
        revokeTokens
          ? 'All other sessions were ended and all API tokens revoked.'
          : 'All other sessions were ended.',
      );
      void cache.reloadSessions();
      void cache.reloadTokens();
    } catch (cause) {
      if (!wait.beginFor(cause)) refuse(cause);
    } finally {
      setPending(false);
    }
  }

  function refuse(cause: unknown) {
    const pointer = cause instanceof HaloError ? cause.problem?.pointer : undefined;
    if (pointer === '/current_password') show('current', 'This is not your current password.');
    else if (cause instanceof HaloError && (pointer === '/new_password' || hasCode(cause, 'weak-password'))) {
      show('next', cause.message);
    } else if (!(cause instanceof SessionEndedError)) setError(cause);
  }

  function show(field: 'current' | 'next', detail: string) {
    form.setFieldError(field, detail);
    form.getInputNode(field)?.focus();
  }

  return (
    <Section title="Password" lead="Changing it logs out every other device.">
      <form
        className={classes.form}
        noValidate
        onSubmit={form.onSubmit(change, (errors) => {
          form.getInputNode(errors.current ? 'current' : 'next')?.focus();
        })}
      >
        <WaitNotice wait={wait} />
        {error === undefined ? null : (
          <ErrorNotice title={failureTitle('The password was not changed', error)} error={error} />
        )}
        {/* So that a password manager knows whose password it is. */}
        <input type="text" name="username" value={name} autoComplete="username" readOnly hidden />
        <PasswordInput
          {...form.getInputProps('current')}
          label="Current password"
          autoComplete="current-password"
          visibilityToggleFocusable
          visibilityToggleButtonProps={{ 'aria-label': 'Show the current password' }}
        />
        <PasswordInput
          {...form.getInputProps('next')}
          label="New password"
          description={lengthHint(form.values.next)}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          autoComplete="new-password"
          visibilityToggleFocusable
          visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
        />
        <Checkbox
          {...form.getInputProps('revokeTokens', { type: 'checkbox' })}
          label="Revoke all API tokens too"
          description="Do this if somebody may have got in: programs then need new tokens."
        />
        <div className={classes.actions}>
          <WaitButton label="Change password" pending={pending} wait={wait} />
        </div>
      </form>
    </Section>
  );
}

function lengthHint(password: string): string {
  const length = [...password].length;
  if (length === 0) return passwordAdvice;
  const least = limits.passwordLengthMin;
  return length < least
    ? `${length} of at least ${least} characters.`
    : `${length} characters. ${length < 15 ? 'A few more make it better.' : 'Long enough.'}`;
}
