import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';

export interface AccountName {
  /** As the person wrote it, in NFKC. */
  readonly name: string;
  /** What makes it unique: the same for every spelling that differs by case or compatibility only. */
  readonly folded: string;
}

/** The contract's schema allows as many UTF-16 units; more cannot become a valid name. */
const inputLengthMax = 256;

/**
 * Letters and digits, each with its combining marks, and a few signs. Invisible characters are excluded
 * although some count as letters or marks: they would make names that look the same.
 */
const nameForm = /^(?:(?!\p{DI})[\p{L}\p{N}](?:(?!\p{DI})\p{M})*|[._\-+@])+$/u;

/** Reads the name that somebody chose. Throws `invalid-request`, with a pointer, if it cannot be one. */
export function readAccountName(written: string): AccountName {
  const name = parseAccountName(written);
  if (name !== undefined) return name;
  throw new HaloError(
    'invalid-request',
    `A name has ${limits.nameLengthMin} to ${limits.nameLengthMax} letters, digits and . _ - + @ in it.`,
    { extra: { pointer: '/name' } },
  );
}

/** Returns the name, or undefined if no account can have it. */
export function parseAccountName(written: string): AccountName | undefined {
  if (written.length > inputLengthMax) return undefined;
  const name = written.normalize('NFKC');
  const length = [...name].length;
  if (length < limits.nameLengthMin || length > limits.nameLengthMax) return undefined;
  return nameForm.test(name) ? { name, folded: foldAccountName(name) } : undefined;
}

/**
 * Removes what does not tell names apart. Lower case alone would: ß and ẞ are SS in capitals, and the final
 * sigma depends on its place. Going through capitals removes that; decomposed, since in capitals the iota
 * subscript is a letter, at which the marks after it would stay.
 */
export function foldAccountName(name: string): string {
  return name.normalize('NFKD').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}
