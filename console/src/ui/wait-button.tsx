import { Button, type ButtonProps } from '@mantine/core';
import { formatDuration } from './relative-time.js';
import type { Wait } from './use-wait.js';

export interface WaitButtonProps extends Pick<ButtonProps, 'fullWidth' | 'color'> {
  readonly label: string;
  readonly pending: boolean;
  readonly wait: Wait;
  readonly disabled?: boolean;
}

/** Submits a form, unless there is a wait: then it cannot be pressed and shows what is left of it. */
export function WaitButton({ label, pending, wait, disabled = false, ...look }: WaitButtonProps) {
  const waits = wait.seconds > 0;
  return (
    <Button {...look} type="submit" disabled={pending || waits || disabled} loading={pending}>
      {waits ? `Try again in ${formatDuration(wait.seconds * 1_000)}` : label}
    </Button>
  );
}
