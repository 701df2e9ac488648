import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';
import { foldAccountName } from './account-name.js';
import { loadCommonPasswords } from './common-passwords.js';
import { createGate, type GateLimits } from './gate.js';

export interface PasswordHasher {
  /** Returns the PHC string to store. */
  hash(password: string): Promise<string>;
  /** `stale`: the hash was made with other parameters and should be made anew, now that the password is known. */
  verify(storedHash: string, password: string): Promise<{ readonly ok: boolean; readonly stale: boolean }>;
  /** Takes as long as `verify` for an account that does not exist. */
  verifyNothing(password: string): Promise<void>;
}

/** OWASP Password Storage: argon2id, which is the library's default algorithm, with 19 MiB and two passes. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
const saltBytes = 16;

/** Each takes a core and 19 MiB for some 25 ms: two leave a small machine room for everything else. */
const concurrencyDefault = 2;

/** At two at a time this is about a second of waiting, which is what `Retry-After` then says. */
const queueMaxDefault = 64;

/** A pattern this short repeated is as weak as itself: aaaaaaaa, abababab, halohalo. */
const trivialUnitMax = 4;

const pointer = { pointer: '/password' } as const;

/**
 * Hashes and verifies passwords with argon2id, off the event loop, a few at a time. Each method rejects with
 * `overloaded` when too many wait already. Passwords are compared in NFKC, whatever keyboard wrote them.
 */
export function createPasswordHasher(bounds: Partial<GateLimits> = {}): PasswordHasher {
  const enter = createGate({
    concurrency: bounds.concurrency ?? concurrencyDefault,
    queueMax: bounds.queueMax ?? queueMaxDefault,
  });
  const nothing = unmatchableHash();
  return {
    hash: (password) => enter(() => hash(password.normalize('NFKC'), parameters)),
    async verify(storedHash, password) {
      // UTF-8 has no lone surrogates: they would be compared as U+FFFD, and match a password that has one.
      const comparable = password.isWellFormed();
      const matches = await enter(() =>
        verify(comparable ? storedHash : nothing, password.normalize('NFKC')),
      );
      const ok = comparable && matches;
      return { ok, stale: ok && isStale(storedHash) };
    },
    async verifyNothing(password) {
      await enter(() => verify(nothing, password.normalize('NFKC')));
    },
  };
}

/**
 * Refuses a password that is too short, too long, or among the first that anybody would try. Follows NIST
 * 800-63B-4 and ASVS 5.0 6.2: no rules of composition, nothing cut off, length in code points after NFKC.
 *
 * @param name the account's name, which the password may not be
 * @param lengthMin what the operator asks for, at least 8
 * @throws HaloError `weak-password`, with a detail that helps choosing another
 */
export async function checkPassword(
  password: string,
  name: string,
  lengthMin: number = limits.passwordLengthMin,
): Promise<void> {
  const fault = formFault(password, Math.max(lengthMin, limits.passwordLengthFloor));
  if (fault !== undefined) throw weak(fault);
  const folded = password.normalize('NFKC').toLowerCase();
  if (foldAccountName(password) === foldAccountName(name)) throw weak('The password is the account’s name.');
  const common = await loadCommonPasswords();
  const unit = repeatedUnit(folded);
  if ([...unit].length <= trivialUnitMax || unit === foldAccountName(name)) {
    throw weak('The password repeats a short pattern.');
  }
  if (common.has(folded) || common.has(unit) || isPaddedCommon(folded, common)) {
    throw weak('The password is among the most common and breached ones.');
  }
}

function formFault(password: string, lengthMin: number): string | undefined {
  if (!password.isWellFormed()) return 'The password has half of a surrogate pair in it.';
  if (password.includes('\0')) return 'The password has a NUL character in it.';
  const length = [...password.normalize('NFKC')].length;
  if (length < lengthMin) return `A password has at least ${lengthMin} characters.`;
  if (length > limits.passwordLengthMax)
    return `A password has at most ${limits.passwordLengthMax} characters.`;
  return undefined;
}

/** The shortest part of which the text is a repetition; the text itself if it is none. */
function repeatedUnit(text: string): string {
  // A text is found inside its own double sooner than at its end only if it repeats.
  return text.slice(0, (text + text).indexOf(text, 1));
}

/**
 * Whether the text is a common password with digits and signs put around it, if those are not most of it.
 * The list has only 300 passwords of twelve characters: this is how people make the others long enough.
 */
function isPaddedCommon(folded: string, common: ReadonlySet<string>): boolean {
  const core = folded.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
  return core.length * 2 >= folded.length && common.has(core);
}

function isStale(storedHash: string): boolean {
  const found = parseOptions(storedHash);
  return (
    !storedHash.startsWith('$argon2id$v=19$') ||
    found.memoryCost !== parameters.memoryCost ||
    found.timeCost !== parameters.timeCost ||
    found.parallelism !== parameters.parallelism ||
    found.outputLen !== parameters.outputLen
  );
}

/** A hash that costs as much to verify as any, and that no known password has: its digest is random. */
function unmatchableHash(): string {
  const { memoryCost, timeCost, parallelism, outputLen } = parameters;
  const base64 = (length: number) => randomBytes(length).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(saltBytes)}$${base64(outputLen)}`;
}

function weak(detail: string): HaloError {
  return new HaloError('weak-password', detail, { extra: pointer });
}
