import { HaloError } from 'halo-client';
import { type CreatedToken, keyFault, limits, type TokenRequest } from 'halo-contract';
import { visibleKey } from '../../ui/visible-key.js';

export interface TokenValues {
  readonly name: string;
  readonly access: TokenRequest['access'];
  readonly prefix: string;
  /** Days, or a word. */
  readonly lifetime: string;
  /** A day in the person's own zone, such as `2026-01-31`; it counts when the lifetime is `date`. */
  readonly date: string;
}

export const lifetimes = [
  { value: '1', label: '1 day' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'never', label: 'Never' },
  { value: 'date', label: 'On a date…' },
] as const;

/** Long enough not to be in the way; a token that lasts for ever should be chosen, not forgotten. */
export const newTokenValues: TokenValues = {
  name: '',
  access: 'read',
  prefix: '',
  lifetime: '90',
  date: '',
};

const dayMs = 86_400_000;

/** Says by field what the server would refuse; the server has the last word. */
export function tokenFaults(values: TokenValues, nowMs: number): Partial<Record<TokenField, string>> {
  const { name, prefix } = values;
  const fault = prefix === '' ? undefined : keyFault(prefix);
  const end = expiryMs(values, nowMs);
  return {
    ...(name.trim() === '' ? { name: 'Give it a name to recognise it by.' } : {}),
    ...([...name.trim()].length > limits.tokenNameLengthMax
      ? { name: `Use at most ${limits.tokenNameLengthMax} characters.` }
      : {}),
    ...(fault === undefined ? {} : { prefix: fault.replaceAll('key', 'prefix') }),
    ...(end === null ? { date: 'Choose a date.' } : dateFault(end, nowMs)),
  };
}

export type TokenField = 'name' | 'prefix' | 'lifetime' | 'date';

/** Returns when the token is to expire: undefined for never, null where no date was given. */
export function expiryMs({ lifetime, date }: TokenValues, nowMs: number): number | undefined | null {
  if (lifetime === 'never') return undefined;
  if (lifetime !== 'date') return nowMs + Number(lifetime) * dayMs;
  // Without a zone it is local time: the token lasts through the day as the person has it.
  const end = Date.parse(`${date}T23:59:59`);
  return Number.isNaN(end) ? null : end;
}

function dateFault(end: number | undefined, nowMs: number): { readonly date?: string } {
  if (end === undefined) return {};
  const seconds = Math.floor((end - nowMs) / 1_000);
  if (seconds < limits.tokenSecondsMin) return { date: 'Choose a day that is not over yet.' };
  return seconds > limits.tokenSecondsMax ? { date: 'Choose a day within the next ten years.' } : {};
}

/** Returns what to ask of the server. The values must have no faults. */
export function tokenRequest(values: TokenValues, nowMs: number): TokenRequest {
  const { name, access, prefix } = values;
  const end = expiryMs(values, nowMs) ?? undefined;
  return {
    name: name.trim(),
    access,
    ...(prefix === '' ? {} : { prefix }),
    ...(end === undefined ? {} : { expires_in: Math.floor((end - nowMs) / 1_000) }),
  };
}

/** Returns the field that a refusal is about, or undefined when it is about none. */
export function tokenFieldOf(error: unknown, { lifetime }: TokenValues): TokenField | undefined {
  if (!(error instanceof HaloError)) return undefined;
  switch (error.problem?.pointer) {
    case '/name':
      return 'name';
    case '/prefix':
      return 'prefix';
    case '/expires_in':
      return lifetime === 'date' ? 'date' : 'lifetime';
    default:
      return undefined;
  }
}

/** Says what a prefix makes a token reach. */
export function prefixMeaning(prefix: string): string {
  if (prefix === '') return 'Empty: the token reaches all keys, also those to come.';
  const shown = visibleKey(prefix);
  const base = `The token reaches the keys that begin with ${shown} and no others.`;
  // What ends in a letter or digit also begins other words, which is seldom meant.
  return /[\p{L}\p{N}]$/u.test(prefix)
    ? `${base} That includes ${shown}-2; end it with a slash to mean what is below ${shown}/.`
    : base;
}

/** Returns a command that lists what a token reaches, and works as it is pasted. */
export function tryCommand(
  origin: string,
  { token, prefix }: Pick<CreatedToken, 'token' | 'prefix'>,
): string {
  const query = prefix === '' ? '' : `?${new URLSearchParams({ prefix })}`;
  return `curl '${origin}/v1/keys${query}' \\\n  -H 'Authorization: Bearer ${token}'`;
}
