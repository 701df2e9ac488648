import { Button, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { limits } from 'halo-contract';
import { type FormEvent, useState } from 'react';
import { isLifetimeUnit, type LifetimeUnit, lifetimeSeconds, lifetimeUnits } from '../lifetime.js';
import classes from './expiry-form.module.css';

/** As the wire has it: seconds from now, an instant, or null for never. */
export type NewExpiry = { readonly ttl: number } | { readonly expires_at: string | null };

export interface ExpiryFormProps {
  readonly pending: boolean;
  readonly online: boolean;
  readonly onSubmit: (expiry: NewExpiry) => void;
  readonly onCancel: () => void;
}

/** A new expiry, as a time to live or as an instant of the reader's own clock. */
export function ExpiryForm({ pending, online, onSubmit, onCancel }: ExpiryFormProps) {
  const [way, setWay] = useState('after');
  const [amount, setAmount] = useState('');
  const [unit, setUnit] = useState<LifetimeUnit>('days');
  const [instant, setInstant] = useState('');
  const [fault, setFault] = useState<string>();

  function submit(event: FormEvent) {
    event.preventDefault();
    const expiry = way === 'after' ? afterOf(amount, unit) : atOf(instant);
    if (typeof expiry === 'string') setFault(expiry);
    else onSubmit(expiry);
  }

  return (
    <form className={classes.form} noValidate onSubmit={submit}>
      <SegmentedControl
        aria-label="Kind of expiry"
        data={[
          { value: 'after', label: 'After' },
          { value: 'at', label: 'At' },
        ]}
        value={way}
        onChange={(next) => {
          setWay(next);
          setFault(undefined);
        }}
      />
      {way === 'after' ? (
        <>
          <TextInput
            className={classes.amount ?? ''}
            aria-label="Expires after"
            inputMode="decimal"
            autoComplete="off"
            autoFocus
            value={amount}
            error={fault}
            onChange={({ currentTarget }) => setAmount(currentTarget.value)}
          />
          <NativeSelect
            aria-label="Unit of time"
            data={Object.keys(lifetimeUnits)}
            value={unit}
            onChange={({ currentTarget: { value } }) => {
              if (isLifetimeUnit(value)) setUnit(value);
            }}
          />
        </>
      ) : (
        <TextInput
          aria-label="Expires at"
          type="datetime-local"
          step={1}
          autoFocus
          value={instant}
          error={fault}
          onChange={({ currentTarget }) => setInstant(currentTarget.value)}
        />
      )}
      <Button type="submit" disabled={!online} loading={pending}>
        Set
      </Button>
      <Button variant="default" disabled={pending} onClick={onCancel}>
        Cancel
      </Button>
    </form>
  );
}

function afterOf(amount: string, unit: LifetimeUnit): NewExpiry | string {
  const ttl = lifetimeSeconds(amount, unit);
  return typeof ttl === 'number' ? { ttl } : 'Enter a number above 0.';
}

function atOf(local: string): NewExpiry | string {
  const ms = Date.parse(local);
  if (Number.isNaN(ms)) return 'Enter a date and a time.';
  if (ms <= Date.now()) return 'This lies in the past.';
  if (ms > limits.expiresAtMsMax) return 'This is too far ahead.';
  return { expires_at: new Date(ms).toISOString() };
}
