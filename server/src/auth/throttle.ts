import { createHmac } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { databaseError } from '../database/failure.js';
import type { Tables } from '../database/tables.js';
import { HaloError } from '../errors.js';
import { foldAccountName } from './account-name.js';
import { type CountedAttempt, createAttempts } from './attempts.js';
import { clientAddress } from './client-address.js';
import type { IsExempt } from './exempt-addresses.js';
import type { Secrets } from './secrets.js';
import { type ThrottleRuleName, throttleRules } from './throttle-rules.js';

export interface ThrottleOptions {
  readonly database: Kysely<Tables>;
  readonly secrets: Secrets;
  /** Whose address is not counted. Names, accounts and sessions are counted from everywhere. */
  readonly isExempt: IsExempt;
  /** Told of each refusal. */
  readonly onThrottled?: ((rule: ThrottleRuleName) => void) | undefined;
  /** What PostgreSQL takes for the present. By default its own clock, which all servers share. */
  readonly present?: (() => RawBuilder<Date>) | undefined;
}

/** The client's address as text, in any spelling. */
interface From {
  readonly address: string | undefined;
}

/**
 * The brakes on guessing, shared by all servers through PostgreSQL. An attempt is counted before it is judged,
 * so that of many at once no more get through than one after another would; it is refused without being
 * counted, or waiting would never end. Every method throws `rate-limited` with the seconds to wait, except
 * those that count what has happened already, and `unavailable` when PostgreSQL cannot be asked: nothing is
 * let through that was not counted.
 */
export interface Throttle {
  readonly logIn: {
    /**
     * Before a password is verified, whether or not anybody has the name.
     *
     * @param name as typed or folded; what no account can be named is counted likewise
     */
    begin(attempt: From & { readonly name: string }): Promise<Attempt>;
  };
  readonly signUp: {
    /** Before a password is hashed. */
    begin(attempt: From): Promise<void>;
  };
  readonly password: {
    /** Before somebody who is logged in confirms a password. Neither holds up log-ins nor is held up by them. */
    begin(attempt: From & { readonly accountId: string }): Promise<Attempt>;
  };
  readonly refresh: {
    /** Before a refresh token is looked up; counts nothing. Without a session only the address is asked about. */
    check(attempt: From & { readonly sessionId: string | undefined }): Promise<void>;
    /**
     * After a token was refused. Held against the address alone: who knows a session's id, but not its token,
     * cannot hold up whose session it is.
     */
    failed(attempt: From): Promise<void>;
    /** After a session's token was exchanged for the next. */
    succeeded(attempt: { readonly sessionId: string }): Promise<void>;
  };
  /** Deletes what has no effect any more, in one short statement. Returns how many rows; 0 when all is done. */
  forgetOld(): Promise<number>;
}

export interface Attempt {
  /**
   * To be called once, when the password was right: forgets the attempts under this name or account, and takes
   * this one of the address back. Throws `unavailable`.
   */
  succeeded(): Promise<void>;
}

/** Something that is counted: by which rule, and whose. */
interface Counter {
  readonly name: ThrottleRuleName;
  readonly subject: Buffer;
}

export function createThrottle({
  database,
  secrets: [{ throttleKey }],
  isExempt,
  onThrottled = () => {},
  present = () => sql<Date>`now()`,
}: ThrottleOptions): Throttle {
  const attempts = createAttempts(database, present);

  /** A keyed hash: people type passwords into name fields, and nobody should read them out of a dump. */
  function counter(name: ThrottleRuleName, subject: string): Counter {
    return { name, subject: createHmac('sha256', throttleKey).update(`${name}\0${subject}`).digest() };
  }

  function byAddress(name: ThrottleRuleName, { address }: From): readonly Counter[] {
    return isExempt(address) ? [] : [counter(name, clientAddress(address))];
  }

  /** Throws if one of them has to wait. Refusing so is all the work that a flood of attempts makes. */
  async function check(counters: readonly Counter[]): Promise<void> {
    if (counters.length === 0) return;
    const wait = await withDatabase(() => attempts.findWait(counters.map(({ subject }) => subject)));
    if (wait === undefined) return;
    const waiting = counters.find(({ subject }) => subject.equals(wait.subject));
    throw refusal(waiting, wait.waitS);
  }

  /** Counts an attempt on all of them, one after the other, or on none. */
  async function begin(counters: readonly Counter[]): Promise<readonly CountedAttempt[]> {
    await check(counters);
    const counted: CountedAttempt[] = [];
    for (const counter of counters) {
      const attempt = await count(counter);
      if (attempt === undefined) {
        // Others came first in the meantime.
        for (const taken of counted) await withDatabase(() => attempts.takeBack(taken));
        await check([counter]);
        throw refusal(counter, 1);
      }
      counted.push(attempt);
    }
    return counted;
  }

  function count({ name, subject }: Counter): Promise<CountedAttempt | undefined> {
    return withDatabase(() => attempts.count(throttleRules[name], subject));
  }

  /** The address first: what it may not do need not be counted on the person it names. */
  async function beginGuess(addresses: readonly Counter[], person: Counter): Promise<Attempt> {
    const counted = await begin([...addresses, person]);
    return {
      succeeded: () =>
        withDatabase(async () => {
          await attempts.forget(person.subject);
          for (const taken of counted.slice(0, addresses.length)) await attempts.takeBack(taken);
        }),
    };
  }

  function refusal(counter: Counter | undefined, retryAfterS: number): HaloError {
    if (counter !== undefined) onThrottled(counter.name);
    const detail = `There were too many attempts. Try again in ${describeWait(retryAfterS)}.`;
    return new HaloError('rate-limited', detail, { retryAfterS });
  }

  return {
    logIn: {
      begin: (attempt) =>
        beginGuess(
          byAddress('log-in-address', attempt),
          counter('log-in-name', foldAccountName(attempt.name)),
        ),
    },
    signUp: {
      async begin(attempt) {
        await begin(byAddress('sign-up-address', attempt));
      },
    },
    password: {
      begin: (attempt) =>
        beginGuess(byAddress('password-address', attempt), counter('password-account', attempt.accountId)),
    },
    refresh: {
      async check(attempt) {
        const { sessionId } = attempt;
        const session = sessionId === undefined ? [] : [counter('refresh-session', sessionId)];
        await check([...byAddress('refresh-address', attempt), ...session]);
      },
      async failed(attempt) {
        for (const counter of byAddress('refresh-address', attempt)) await count(counter);
      },
      async succeeded({ sessionId }) {
        await count(counter('refresh-session', sessionId));
      },
    },
    forgetOld: () => withDatabase(() => attempts.deleteForgotten()),
  };
}

const minuteS = 60;

function describeWait(seconds: number): string {
  if (seconds === 1) return '1 second';
  if (seconds <= minuteS) return `${seconds} seconds`;
  return `${Math.ceil(seconds / minuteS)} minutes`;
}

async function withDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
