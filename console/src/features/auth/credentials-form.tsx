import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Credentials } from 'halo-contract';
import { useEffect, useRef, useState } from 'react';
import { Notice } from '../../ui/notice.js';
import { type CredentialProblem, credentialProblem } from './credential-problem.js';
import classes from './credentials-form.module.css';
import { nameFault, passwordAdvice, passwordFault } from './credentials-rules.js';

export interface CredentialsFormProps {
  readonly purpose: 'log-in' | 'sign-up';
  readonly submitLabel: string;
  /** Set when it can only be this person, who logs in again. */
  readonly fixedName?: string;
  readonly onSubmit: (credentials: Credentials) => Promise<void>;
}

/** Name and password, with every refusal beside its field or, when it has none, above both and focused. */
export function CredentialsForm({ purpose, submitLabel, fixedName, onSubmit }: CredentialsFormProps) {
  const isNew = purpose === 'sign-up';
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<CredentialProblem>();
  const notice = useRef<HTMLDivElement>(null);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: fixedName ?? '', password: '' },
    validate: {
      name: (name) => (isNew ? nameFault(name) : name === '' ? 'Enter your name.' : null),
      password: (password) =>
        isNew ? passwordFault(password) : password === '' ? 'Enter your password.' : null,
    },
    onSubmitPreventDefault: 'always',
  });

  useEffect(() => {
    if (problem?.field === undefined) notice.current?.focus();
  }, [problem]);

  async function submit(credentials: Credentials) {
    setPending(true);
    setProblem(undefined);
    try {
      await onSubmit(credentials);
    } catch (error) {
      const refusal = credentialProblem(error);
      setProblem(refusal);
      if (refusal.field !== undefined) {
        form.setFieldError(refusal.field, refusal.detail);
        form.getInputNode(refusal.field)?.focus();
      }
    } finally {
      setPending(false);
    }
  }

  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(submit, (errors) => {
        const first = errors.name ? 'name' : 'password';
        form.getInputNode(first)?.focus();
      })}
    >
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
      <Button type="submit" fullWidth disabled={pending} loading={pending}>
        {submitLabel}
      </Button>
    </form>
  );
}
