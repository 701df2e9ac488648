import { InvalidArgumentError } from 'commander';

/** Reads an option's value as a whole number within bounds; commander says which option a refusal is about. */
export function integerFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };
}

/** Reads a limit. Not null for the default: commander would take that for an option without a value. */
export function limitFrom(text: string): number | 'default' {
  if (text === 'default') return text;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError(
    `It takes a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or "default".`,
  );
}

/** Reads a SHA-256 in hexadecimal. */
export function hashFrom(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It takes the 64 hexadecimal digits of a hash.');
}
