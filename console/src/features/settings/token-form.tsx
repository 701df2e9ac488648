import { Button, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { HaloError } from 'halo-client';
import { type CreatedToken, limits } from 'halo-contract';
import { useEffect, useRef, useState } from 'react';
import { hasCode } from '../../explain.js';
import { SessionEndedError } from '../../session/session.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { formatInstant } from '../../ui/relative-time.js';
import { useOnline } from '../../ui/use-online.js';
import { createToken } from './requests.js';
import classes from './token-form.module.css';
import {
  expiryMs,
  lifetimes,
  newTokenValues,
  prefixMeaning,
  type TokenField,
  type TokenValues,
  tokenFaults,
  tokenFieldOf,
  tokenRequest,
} from './token-rules.js';

const accesses = [
  { value: 'read', label: 'Read' },
  { value: 'write', label: 'Read and write' },
];

const accessMeanings = {
  read: 'The token can read and list keys, their history and the live changes.',
  write: 'The token can also set, delete and restore keys.',
};

const fields: readonly TokenField[] = ['name', 'prefix', 'lifetime', 'date'];
/** The explanation before the refusal, as in the other forms. */
const order: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error'];

export interface TokenFormProps {
  readonly onCreated: (token: CreatedToken) => void;
  readonly onCancel: () => void;
}

/** Name, access, prefix and expiry of a new token. */
export function TokenForm({ onCreated, onCancel }: TokenFormProps) {
  const online = useOnline();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const asking = useRef<AbortController>(undefined);
  const form = useForm<TokenValues>({
    name: 'new-token',
    initialValues: newTokenValues,
    validate: (values) => tokenFaults(values, Date.now()),
  });
  // Who closes the dialog meanwhile will not see the secret; the list then shows what came of it.
  useEffect(() => () => asking.current?.abort(), []);

  async function create(values: TokenValues) {
    const controller = new AbortController();
    asking.current = controller;
    setPending(true);
    setError(undefined);
    try {
      onCreated(await createToken(tokenRequest(values, Date.now()), controller.signal));
    } catch (cause) {
      if (!controller.signal.aborted) refuse(cause, values);
    } finally {
      setPending(false);
    }
  }

  function refuse(cause: unknown, values: TokenValues) {
    const field = tokenFieldOf(cause, values);
    if (field !== undefined && cause instanceof HaloError) {
      form.setFieldError(field, cause.message);
      form.getInputNode(field)?.focus();
    } else if (!(cause instanceof SessionEndedError)) setError(cause);
  }

  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(create, (errors) => {
        form.getInputNode(fields.find((field) => errors[field] !== undefined) ?? 'name')?.focus();
      })}
    >
      {error === undefined ? null : <ErrorNotice title={refusalTitle(error)} error={error} />}
      <TextInput
        {...form.getInputProps('name')}
        label="Name"
        placeholder="backup script"
        maxLength={limits.tokenNameLengthMax * 2}
        autoComplete="off"
        data-autofocus
      />
      <div>
        <p className={classes.label} id="new-token-access">
          Access
        </p>
        <SegmentedControl
          aria-labelledby="new-token-access"
          fullWidth
          data={accesses}
          value={form.values.access}
          onChange={(value) => form.setFieldValue('access', value === 'write' ? 'write' : 'read')}
        />
        <p className={classes.hint}>{accessMeanings[form.values.access]}</p>
      </div>
      <TextInput
        {...form.getInputProps('prefix')}
        label="Key prefix"
        description={prefixMeaning(form.values.prefix)}
        inputWrapperOrder={order}
        classNames={{ input: classes.mono ?? '' }}
        placeholder="all keys"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <div className={classes.expiry}>
        <NativeSelect
          {...form.getInputProps('lifetime')}
          label="Expires after"
          data={[...lifetimes]}
          description={expiryMeaning(form.values)}
          inputWrapperOrder={order}
        />
        {form.values.lifetime === 'date' ? (
          <TextInput {...form.getInputProps('date')} type="date" label="Last day" inputWrapperOrder={order} />
        ) : null}
      </div>
      <div className={classes.actions}>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" disabled={!online || pending} loading={pending}>
          Create token
        </Button>
      </div>
    </form>
  );
}

function expiryMeaning(values: TokenValues): string {
  const end = expiryMs(values, Date.now());
  if (end === undefined) return 'It lasts until you revoke it.';
  return end === null ? 'It lasts to the end of a day.' : `It lasts until ${formatInstant(end)}.`;
}

function refusalTitle(error: unknown): string {
  if (hasCode(error, 'quota-exceeded')) return 'There is no room for another token';
  return hasCode(error, 'outcome-unknown', 'incomplete')
    ? 'It is not known whether the token was made'
    : 'The token was not created';
}
