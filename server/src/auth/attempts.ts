import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Tables } from '../database/tables.js';
import { attemptsMaxOf, rememberedSMax, type ThrottleRule } from './throttle-rules.js';

/** A statement of its own each, on one row: so none ever holds one lock while waiting for another. */
export interface Attempts {
  /** Counts an attempt, unless the subject has to wait: then it returns undefined and counts nothing. */
  count(rule: ThrottleRule, subject: Buffer): Promise<CountedAttempt | undefined>;
  /** Takes one attempt back, and the wait that it brought about unless that has grown since. */
  takeBack(attempt: CountedAttempt): Promise<void>;
  /** Forgets all attempts of a subject. */
  forget(subject: Buffer): Promise<void>;
  /** Which of the subjects has to wait longest, and how long; undefined if none has to. Reads only. */
  findWait(subjects: readonly Buffer[]): Promise<Wait | undefined>;
  /** Deletes rows that have no effect any more, a few thousand at most. Returns how many they were. */
  deleteForgotten(): Promise<number>;
}

export interface CountedAttempt {
  readonly subject: Buffer;
  readonly blockedUntil: Date;
}

export interface Wait {
  readonly subject: Buffer;
  /** Whole seconds, at least 1. */
  readonly waitS: number;
}

/** Deleting more would hold locks and write log for longer than somebody logging in should wait. */
const deletedMax = 2_000;

/** What `blocked_until` is when there is nothing to wait for; the present would be rounded into the future. */
const never = sql<Date>`'epoch'::timestamptz`;

/**
 * The table of attempts. PostgreSQL alone judges, and by its own clock, so that any number of servers are one:
 * of many attempts at once each waits for the row's lock and finds what those before it left.
 *
 * @param present what PostgreSQL takes for the present; tests turn it on
 */
export function createAttempts(database: Kysely<Tables>, present: () => RawBuilder<Date>): Attempts {
  return {
    count: (rule, subject) => count(database, present(), rule, subject),
    takeBack: (attempt) => takeBack(database, attempt),
    async forget(subject) {
      await database.deleteFrom('throttles').where('subject', '=', subject).execute();
    },
    findWait: (subjects) => findWait(database, present(), subjects),
    deleteForgotten: () => deleteForgotten(database, present()),
  };
}

async function count(
  database: Kysely<Tables>,
  now: RawBuilder<Date>,
  rule: ThrottleRule,
  subject: Buffer,
): Promise<CountedAttempt | undefined> {
  const calmS = sql<number>`extract(epoch from ${now} - greatest(t.last_at, t.blocked_until))`;
  // An attempt may have begun before one that overtook it on the way to the lock: calm is then below nothing.
  const calms = sql<number>`greatest(floor(${calmS} / ${rule.calmS}::float8), 0)`;
  const kept =
    rule.forgets === 'one'
      ? sql<number>`greatest(t.attempts - ${calms}, 0)`
      : sql<number>`case when ${calms} >= 1 then 0 else t.attempts end`;
  const counted = sql<number>`least(${kept} + 1, ${attemptsMaxOf(rule)}::float8)::integer`;
  const { rows } = await sql<{ blocked_until: Date }>`
    insert into throttles as t (subject, attempts, last_at, blocked_until)
    values (${subject}, 1, ${now}, ${blockedUntil(rule, sql<number>`1`, now)})
    on conflict (subject) do update set (attempts, last_at, blocked_until) = (
      select c.attempts, ${now}, ${blockedUntil(rule, sql<number>`c.attempts`, now)}
      from (select ${counted} as attempts) as c
    )
    where t.blocked_until <= ${now}
    returning t.blocked_until`.execute(database);
  const row = rows[0];
  return row === undefined ? undefined : { subject, blockedUntil: row.blocked_until };
}

function blockedUntil(
  { free, waitSMax }: ThrottleRule,
  attempts: RawBuilder<number>,
  now: RawBuilder<Date>,
): RawBuilder<Date> {
  const waitS = sql<number>`least(power(2, ${attempts} - ${free}::integer), ${waitSMax}::float8)`;
  // Rounded to the column's milliseconds, the longest wait would be seen as a second longer by who asks at once.
  const end = sql<Date>`date_trunc('milliseconds', ${now} + make_interval(secs => ${waitS}))`;
  return sql`case when ${attempts} < ${free}::integer then ${never} else ${end} end`;
}

async function takeBack(database: Kysely<Tables>, { subject, blockedUntil }: CountedAttempt): Promise<void> {
  await database
    .updateTable('throttles')
    .set({
      attempts: sql<number>`greatest(attempts - 1, 0)`,
      blocked_until: sql<Date>`case when blocked_until = ${blockedUntil} then ${never} else blocked_until end`,
    })
    .where('subject', '=', subject)
    .execute();
}

async function findWait(
  database: Kysely<Tables>,
  now: RawBuilder<Date>,
  subjects: readonly Buffer[],
): Promise<Wait | undefined> {
  const row = await database
    .selectFrom('throttles')
    .select('subject')
    .select(sql<number>`ceil(extract(epoch from blocked_until - ${now}))::integer`.as('wait_s'))
    .where('subject', 'in', subjects)
    .where('blocked_until', '>', now)
    .orderBy('blocked_until', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : { subject: row.subject, waitS: Math.max(row.wait_s, 1) };
}

async function deleteForgotten(database: Kysely<Tables>, now: RawBuilder<Date>): Promise<number> {
  const since = sql<Date>`${now} - make_interval(secs => ${rememberedSMax}::float8)`;
  // What is locked is being counted just now, by another server's sweep or an attempt, and can wait.
  const { numAffectedRows = 0n } = await sql`
    with forgotten as materialized (
      select subject from throttles where last_at < ${since} and blocked_until < ${since}
      limit ${deletedMax} for update skip locked
    )
    delete from throttles as t using forgotten as f where t.subject = f.subject`.execute(database);
  return Number(numAffectedRows);
}
