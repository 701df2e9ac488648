import { NativeSelect, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { CreateValues } from './create-rules.js';
import { isLifetimeUnit, lifetimeUnits } from './lifetime.js';
import classes from './lifetime-field.module.css';

/** How long the key lives: a number and its unit, or nothing for ever. */
export function LifetimeField({ form }: { readonly form: UseFormReturnType<CreateValues> }) {
  return (
    <div className={classes.field}>
      <TextInput
        {...form.getInputProps('amount')}
        data-path="amount"
        className={classes.amount ?? ''}
        label="Expires after"
        placeholder="never"
        inputMode="decimal"
        autoComplete="off"
      />
      <NativeSelect
        aria-label="Unit of time"
        className={classes.unit ?? ''}
        data={Object.keys(lifetimeUnits)}
        value={form.values.unit}
        onChange={({ currentTarget: { value } }) => {
          if (isLifetimeUnit(value)) form.setFieldValue('unit', value);
        }}
      />
    </div>
  );
}
