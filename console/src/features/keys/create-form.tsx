import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { failureTitle } from '../../explain.js';
import { SessionEndedError } from '../../session/session.js';
import { ErrorNotice } from '../../ui/error-notice.js';
import { toastSuccess } from '../../ui/toast.js';
import { useOnline } from '../../ui/use-online.js';
import { useSaveShortcut } from '../../ui/use-shortcut.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './create-form.module.css';
import { type CreateValues, createProblem, createPut, createRules } from './create-rules.js';
import { CreateValue } from './create-value.js';
import { useKeysSearch } from './keys-search.js';
import { LifetimeField } from './lifetime-field.js';
import { useKeyCache } from './queries.js';
import { putValue } from './requests.js';
import { useDraftGuard } from './use-draft-guard.js';

export interface CreateFormProps {
  readonly initialKey: string;
  readonly initialText: string;
  readonly cancellable?: boolean;
}

/** Key, value, content type and lifetime of a key that must not exist yet. */
export default function CreateForm({ initialKey, initialText, cancellable = false }: CreateFormProps) {
  const { open, close } = useKeysSearch();
  const cache = useKeyCache();
  const online = useOnline();
  const [text, setText] = useState(initialText);
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const form = useForm<CreateValues>({
    initialValues: { key: initialKey, kind: 'json', otherType: '', amount: '', unit: 'days' },
    validate: createRules,
  });
  const guard = useDraftGuard(form.isDirty() || text !== initialText);
  const submit = form.onSubmit(create, (errors) => {
    form.getInputNode(errors.key ? 'key' : errors.otherType ? 'otherType' : 'amount')?.focus();
  });
  const canSave = online && !pending;
  useSaveShortcut(() => submit(), canSave);

  async function create(values: CreateValues) {
    setPending(true);
    setError(undefined);
    try {
      const { put, snapshot } = createPut(values, text);
      const { revision } = await putValue(put);
      cache.wrote({ ...snapshot, revision }, put.bytes.length);
      toastSuccess('Saved', visibleKey(put.key));
      guard.release();
      await open(put.key);
    } catch (cause) {
      refuse(cause, values.key);
    } finally {
      setPending(false);
    }
  }

  function refuse(cause: unknown, key: string) {
    const refusal = createProblem(cause);
    if (refusal !== undefined) {
      form.setFieldError(
        refusal.field,
        refusal.exists ? <Exists onOpen={() => open(key)} /> : refusal.detail,
      );
      form.getInputNode(refusal.field)?.focus();
    } else if (!(cause instanceof SessionEndedError)) setError(cause);
  }

  return (
    <form className={classes.form} noValidate onSubmit={submit}>
      {error === undefined ? null : <ErrorNotice title={failureTitle('Not saved', error)} error={error} />}
      <TextInput
        {...form.getInputProps('key')}
        data-path="key"
        label="Key"
        classNames={{ input: classes.mono ?? '' }}
        placeholder="app/config/theme"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        autoFocus={initialKey === ''}
      />
      <CreateValue
        form={form}
        initialText={initialText}
        text={text}
        pending={pending}
        autoFocus={initialKey !== '' && cancellable}
        onChange={setText}
      />
      {form.values.kind === 'other' ? (
        <TextInput
          {...form.getInputProps('otherType')}
          data-path="otherType"
          label="Content type"
          classNames={{ input: classes.mono ?? '' }}
          placeholder="application/yaml"
          spellCheck={false}
          autoCapitalize="none"
        />
      ) : null}
      <LifetimeField form={form} />
      <div className={classes.actions}>
        <Button type="submit" disabled={!canSave} loading={pending}>
          Save
        </Button>
        {cancellable ? (
          <Button variant="default" disabled={pending} onClick={() => close()}>
            Cancel
          </Button>
        ) : null}
      </div>
      {guard.dialog}
    </form>
  );
}

function Exists({ onOpen }: { readonly onOpen: () => void }) {
  return (
    <>
      This key already exists.{' '}
      <button type="button" className={classes.link} onClick={onOpen}>
        Open it
      </button>
    </>
  );
}
