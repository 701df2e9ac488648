import { PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { SignUpRequest } from 'halo-contract';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { nameFault, passwordAdvice, passwordFault } from '../../session/credentials-rules.js';
import { Notice } from '../../ui/notice.js';
import { useWait } from '../../ui/use-wait.js';
import { WaitButton } from '../../ui/wait-button.js';
import { WaitNotice } from '../../ui/wait-notice.js';
import { type CredentialProblem, credentialProblem } from './credential-problem.js';
import classes from './credentials-form.module.css';

export interface CredentialsFormProps {
  readonly purpose: 'log-in' | 'sign-up';
  readonly submitLabel: string;
  /** Set when it can only be this person, who logs in again. */
  readonly fixedName?: string;
  /** The invite code comes along only where the server has asked for one. */
  readonly onSubmit: (credentials: SignUpRequest) => Promise<void>;
}

/** Name and password, with every refusal beside its field or, when it has none, above both and focused. */
export function CredentialsForm({ purpose, submitLabel, fixedName, onSubmit }: CredentialsFormProps) {
  const isNew = purpose === 'sign-up';
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<CredentialProblem>();
  const [takesInvite, setTakesInvite] = useState(false);
  const wait = useWait();
  const notice = useRef<HTMLDivElement>(null);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: fixedName ?? '', password: '', invite: '' },
    validate: {
      name: (name) => (isNew ? nameFault(name) : name === '' ? 'Enter your name.' : null),
      password: (password) =>
        isNew ? passwordFault(password) : password === '' ? 'Enter your password.' : null,
      invite: (invite) => (takesInvite && invite.trim() === '' ? 'Enter the invite code.' : null),
    },
    onSubmitPreventDefault: 'always',
    onValuesChange: ({ name }, before) => {
      // Attempts are counted by name: who mistyped it has waited for nothing.
      if (name !== before.name) wait.lift();
    },
  });

  const leadTo = useEffectEvent(({ field }: CredentialProblem) => {
    if (field === undefined) notice.current?.focus();
    else form.getInputNode(field)?.focus();
  });
  useEffect(() => {
    if (problem !== undefined) leadTo(problem);
  }, [problem]);

  async function submit({ name, password, invite }: typeof form.values) {
    if (wait.seconds > 0) return;
    setPending(true);
    setProblem(undefined);
    wait.lift();
    try {
      await onSubmit({ name, password, ...(takesInvite ? { invite: invite.trim() } : {}) });
    } catch (error) {
      if (!wait.beginFor(error)) refuse(credentialProblem(error));
    } finally {
      setPending(false);
    }
  }

  function refuse(refusal: CredentialProblem) {
    if (refusal.field === 'invite') setTakesInvite(true);
    if (refusal.field !== undefined) form.setFieldError(refusal.field, refusal.detail);
    setProblem(refusal);
  }

  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(submit, (errors) => {
        const first = errors.name ? 'name' : errors.password ? 'password' : 'invite';
        form.getInputNode(first)?.focus();
      })}
    >
      <WaitNotice wait={wait} />
      {problem !== undefined && problem.field === undefined ? (
        <Notice ref={notice} tone="danger" title={problem.title} announce>
          <p>{problem.detail}</p>
        </Notice>
      ) : null}
      <TextInput
        key={form.key('name')}
        {...form.getInputProps('name')}
        label="Name"
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        readOnly={fixedName !== undefined}
        autoFocus={fixedName === undefined}
      />
      <PasswordInput
        key={form.key('password')}
        {...form.getInputProps('password')}
        label="Password"
        name="password"
        autoComplete={isNew ? 'new-password' : 'current-password'}
        description={isNew ? passwordAdvice : undefined}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        data-autofocus={fixedName !== undefined}
      />
      {takesInvite ? (
        <TextInput
          key={form.key('invite')}
          {...form.getInputProps('invite')}
          label="Invite code"
          name="invite"
          description="Signing up here takes a code from whoever runs this server."
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      ) : null}
      <WaitButton label={submitLabel} pending={pending} wait={wait} fullWidth />
    </form>
  );
}
