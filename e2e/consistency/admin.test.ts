import type { AuditEvent } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import { type Admin, adminWith, jsonOf } from '../admin.js';
import { goodPassword, haloAt, newName, type Person } from '../halo.js';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { startDebianPostgres } from './debian-postgres.js';

/** Each command is a process, and beside no server also a PostgreSQL. */
const testTimeoutMs = 120_000;

const data = await makeDataDirectory();
const embedded = await startHalo({ data });
const stoppedData = await makeDataDirectory();
const debian = await startDebianPostgres();
const external = { DATABASE_URL: debian.databaseUrl };
const onDebian = await startHalo({
  env: { ...external, HALO_SECRET: 'a secret of thirty-two bytes at least' },
});

afterAll(async () => {
  await Promise.all([embedded.stop(), onDebian.stop()]);
  await debian.stop();
  await removeDataDirectory(data);
  await removeDataDirectory(stoppedData);
});

interface Account {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly disabled_at: string | null;
  readonly usage: { readonly keys: number; readonly bytes: number };
  readonly limits: { readonly keys: number; readonly bytes: number };
  readonly own_limits: { readonly keys: number | null; readonly bytes: number | null };
  readonly sessions: number;
  readonly tokens: number;
}

interface Check {
  readonly name: string | null;
  readonly first: number | null;
  readonly last: number | null;
  readonly last_hash: string | null;
  readonly fault: unknown;
}

/** Runs a command that must be done, without JSON. */
async function done(admin: Admin, ...words: string[]): Promise<string> {
  const run = await admin(words);
  expect(run).toMatchObject({ code: 0, errors: '' });
  expect(run.output).toMatch(/\n$/);
  return run.output;
}

async function refused(
  admin: Admin,
  words: readonly string[],
  code: number,
  sentence: RegExp,
): Promise<void> {
  const run = await admin(words);
  expect(run).toEqual({ code, output: '', errors: expect.stringMatching(sentence) as string });
  expect(run.errors).toMatch(/^[^\n]+\n$/);
}

const show = (admin: Admin, name: string) => jsonOf<Account>(admin, ['accounts', 'show', name]);
const unknown = /^There is no account named "nobody-here"\.\n$/;

const running = [
  ['its own PostgreSQL', adminWith({ HALO_DATA: data }), haloAt(embedded.url)],
  ['a PostgreSQL 15', adminWith(external), haloAt(onDebian.url)],
] as const;

describe.each(running)('beside a server on %s', (_, admin, halo) => {
  const expectEnded = async (person: Person): Promise<void> => {
    await expectProblem(await halo.get(person, 'key'), 'session-ended');
    await expectProblem(await halo.put(person, 'key', 'x'), 'session-ended');
    await expectProblem(await halo.refresh(person.refreshToken), 'session-ended');
  };

  test('accounts are listed and shown with what they keep', { timeout: testTimeoutMs }, async () => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    const shown = await show(admin, person.name.toUpperCase());
    expect(shown).toEqual({
      id: person.id,
      name: person.name,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      disabled_at: null,
      usage: { keys: 1, bytes: expect.any(Number) as number },
      limits: { keys: 1_000_000, bytes: 10 * 1024 ** 3 },
      own_limits: { keys: null, bytes: null },
      sessions: 1,
      tokens: 0,
    });
    expect(await jsonOf<Account[]>(admin, ['accounts', 'list'])).toContainEqual(shown);
    const table = await done(admin, 'accounts', 'list');
    expect(table).toMatch(/^name +id +created +keys/);
    expect(table).toContain(person.name);
    expect(await done(admin, 'accounts', 'show', person.name)).toMatch(/^keys +1 of 1000000 \(default\)$/m);
  });

  test('an account is created whoever may sign up, and its password is never an argument', {
    timeout: testTimeoutMs,
  }, async () => {
    const [typed, made] = [newName(), newName()];
    const input = `${goodPassword}\n`;
    await jsonOf(admin, ['accounts', 'create', typed, '--password-stdin'], { input });
    await expect(halo.logIn({ name: typed, password: goodPassword })).resolves.toMatchObject({ name: typed });
    const { password } = await jsonOf<{ password: string }>(admin, [
      'accounts',
      'create',
      made,
      '--generate',
    ]);
    await expect(halo.logIn({ name: made, password })).resolves.toMatchObject({ name: made });
    await refused(
      admin,
      ['accounts', 'create', typed, '--generate'],
      1,
      /^Another account has this name\.\n$/,
    );
    await refused(admin, ['accounts', 'create', 'a b', '--generate'], 1, /^A name has 3 to 64 letters/);
    const weak = await admin(['accounts', 'create', newName(), '--password-stdin'], { input: 'short\n' });
    expect(weak).toMatchObject({ code: 1, errors: 'A password has at least 12 characters.\n' });
    await refused(admin, ['accounts', 'create', newName()], 2, /--password-stdin or --generate/);
  });

  test('disabling an account ends what its owner is doing at once', { timeout: testTimeoutMs }, async () => {
    const [person, bystander] = [await halo.signUp(), await halo.signUp()];
    await halo.set(person, 'key', 'value');
    expect(await done(admin, 'accounts', 'disable', person.name)).toMatch(
      /is disabled: 1 log-in ended, 0 API tokens/,
    );
    await expectEnded(person);
    expect((await show(admin, person.name)).disabled_at).not.toBeNull();
    await halo.set(bystander, 'key', 'value');
    await done(admin, 'accounts', 'enable', person.name);
    await expectEnded(person);
    const again = await halo.logIn(person);
    expect((await halo.read(again, 'key')).toString()).toBe('value');
    const events = await jsonOf<AuditEvent[]>(admin, ['audit', 'list', person.name, '--limit', '100']);
    const byOperator = events.filter(({ actor }) => actor === 'operator').map(({ event }) => event);
    expect(byOperator).toEqual(['account-enabled', 'account-disabled']);
  });

  test('another password ends all log-ins', { timeout: testTimeoutMs }, async () => {
    const person = await halo.signUp();
    const words = ['accounts', 'reset-password', person.name, '--generate', '--revoke-tokens'];
    const reset = await jsonOf<{ password: string; sessions_ended: number }>(admin, words);
    expect(reset).toMatchObject({ name: person.name, sessions_ended: 1, tokens_revoked: 0 });
    await expectEnded(person);
    const refusal = await halo.post('/v1/auth/log-in', { name: person.name, password: person.password });
    await expectProblem(refusal, 'unauthenticated');
    await expect(halo.logIn({ name: person.name, password: reset.password })).resolves.toBeDefined();
  });

  test('log-ins are ended', { timeout: testTimeoutMs }, async () => {
    const person = await halo.signUp();
    const other = await halo.logIn(person);
    expect(await done(admin, 'accounts', 'end-sessions', person.name, '--tokens')).toBe(
      `${person.name}: 2 log-ins ended, 0 API tokens revoked.\n`,
    );
    await expectEnded(person);
    await expectEnded(other);
    await expect(halo.logIn(person)).resolves.toBeDefined();
  });

  test('limits hold from the next commit on', { timeout: testTimeoutMs }, async () => {
    const person = await halo.signUp();
    await halo.set(person, 'one', '1');
    expect(await done(admin, 'accounts', 'set-limits', person.name, '--keys', '1')).toMatch(
      /may keep 1 key and/,
    );
    expect((await halo.put(person, 'two', '2')).ok).toBe(false);
    expect((await halo.account(person)).limits.keys).toBe(1);
    await done(admin, 'accounts', 'set-limits', person.name, '--keys', 'default', '--bytes', '1000');
    expect((await show(admin, person.name)).own_limits).toEqual({ keys: null, bytes: 1_000 });
    await halo.set(person, 'two', '2');
  });

  test('an account is deleted, and its name is free', { timeout: testTimeoutMs }, async () => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    await refused(admin, ['accounts', 'delete', person.name], 2, /use --yes/);
    expect((await halo.read(person, 'key')).toString()).toBe('value');
    await done(admin, 'accounts', 'delete', person.name, '--yes');
    await expectEnded(person);
    await refused(admin, ['accounts', 'show', person.name], 1, /^There is no account named/);
    const successor = await halo.signUp(person.name);
    expect(successor.id).not.toBe(person.id);
    await expectProblem(await halo.get(successor, 'key'), 'not-found');
    const gone = await jsonOf<AuditEvent[]>(admin, ['audit', 'list']);
    expect(gone).toContainEqual(expect.objectContaining({ event: 'account-deleted', subject: person.id }));
  });

  test('sign-up is shown and set, and the environment wins', { timeout: testTimeoutMs }, async () => {
    const state = (...words: string[]) => jsonOf<unknown>(admin, ['sign-up', ...words]);
    expect(await state('closed')).toEqual({ mode: 'closed', source: 'setting', setting: 'closed' });
    expect(await done(admin, 'sign-up')).toMatch(/^Sign-up is closed/);
    const env = { HALO_SIGN_UP: 'invite' };
    expect((await admin(['sign-up', 'open'], { env })).output).toMatch(
      /^Sign-up is invite: .*\nHALO_SIGN_UP=invite in this environment decides that\. "open" is set/,
    );
    expect(await state()).toEqual({ mode: 'open', source: 'setting', setting: 'open' });
  });

  test('invites are made, listed and revoked', { timeout: testTimeoutMs }, async () => {
    const words = ['invites', 'create', '--uses', '3', '--expires', '2'];
    const made = await jsonOf<{ id: string; code: string }>(admin, words);
    const { code, ...invite } = made;
    expect(code).toMatch(/^haloinv_[\w-]{32}$/);
    expect(invite).toMatchObject({ uses_left: 3 });
    expect(await jsonOf<unknown[]>(admin, ['invites', 'list'])).toContainEqual(invite);
    expect(await done(admin, 'invites', 'create')).toMatch(
      /^haloinv_[\w-]{32}\nThis code is good for 1 account until/,
    );
    expect(await done(admin, 'invites', 'list')).toContain(invite.id);
    await done(admin, 'invites', 'revoke', invite.id);
    expect(await done(admin, 'invites', 'list')).not.toContain(invite.id);
    await refused(admin, ['invites', 'revoke', invite.id], 1, /^There is no invite with the id/);
  });

  test('the audit trails are verified, and a noted hash is found again', {
    timeout: testTimeoutMs,
  }, async () => {
    const person = await halo.signUp();
    await done(admin, 'accounts', 'set-limits', person.name, '--keys', '9');
    const [check] = await jsonOf<Check[]>(admin, ['audit', 'verify', person.name]);
    expect(check).toMatchObject({ name: person.name, first: 1, fault: null });
    const noted = check?.last_hash ?? '';
    await done(admin, 'accounts', 'set-limits', person.name, '--keys', '10');
    expect(await done(admin, 'audit', 'verify', person.name, '--anchor', noted)).toContain('is in its place');
    expect(await done(admin, 'audit', 'verify')).toMatch(/^\(server\): events 1 to \d+ are intact/);
    const strange = await admin(['audit', 'verify', person.name, '--anchor', 'ab'.repeat(32)]);
    expect(strange).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/is in none of the kept events\.\n$/),
    });
    expect(await done(admin, 'audit', 'list', person.name, '--limit', '1')).toMatch(/limits-set +operator/);
  });

  test('unknown names are refused in a sentence', { timeout: testTimeoutMs }, async () => {
    await refused(admin, ['accounts', 'show', 'nobody-here'], 1, unknown);
    await refused(admin, ['accounts', 'disable', 'nobody-here'], 1, unknown);
    await refused(admin, ['audit', 'verify', 'nobody-here'], 1, unknown);
  });
});

test('wrong usage is refused before anything is touched', { timeout: testTimeoutMs }, async () => {
  const admin = adminWith({ HALO_DATA: '/nowhere' });
  await refused(admin, ['accounts', 'sho', 'ada'], 2, /^Unknown command 'sho'/);
  await refused(admin, ['accounts', 'set-limits', 'ada', '--keys', '-1'], 2, /whole number/);
});

describe('where no server runs', () => {
  const admin = adminWith({ HALO_DATA: stoppedData });

  test('the first account can be made before the first start, and the server then has it', {
    timeout: testTimeoutMs,
  }, async () => {
    await refused(admin, ['accounts', 'list'], 1, /^There is no Halo in .*Set HALO_DATA/);
    const name = newName();
    await done(admin, 'sign-up', 'closed');
    const { password } = await jsonOf<{ password: string }>(admin, [
      'accounts',
      'create',
      name,
      '--generate',
    ]);
    const server = await startHalo({ data: stoppedData, env: { HALO_SIGN_UP: 'open' } });
    const person = await haloAt(server.url).logIn({ name, password });
    await haloAt(server.url).set(person, 'key', 'value');
    await server.stop();
    expect(await show(admin, name)).toMatchObject({ usage: { keys: 1 }, sessions: 1 });
    await done(admin, 'accounts', 'end-sessions', name);
    await done(admin, 'accounts', 'disable', name);
    await done(admin, 'accounts', 'enable', name);
    await done(admin, 'accounts', 'set-limits', name, '--bytes', '10000');
    await done(admin, 'invites', 'create');
    expect(await done(admin, 'audit', 'verify')).toMatch(/are intact/);
    await done(admin, 'accounts', 'delete', name, '--yes');
    expect(await jsonOf<Account[]>(admin, ['accounts', 'list'])).toEqual([]);
  });

  test('commands at once share what one of them starts', { timeout: testTimeoutMs }, async () => {
    const names = [newName(), newName(), newName()];
    const runs = await Promise.all(names.map((name) => admin(['accounts', 'create', name, '--generate'])));
    expect(runs.map(({ code, errors }) => ({ code, errors }))).toEqual(
      names.map(() => ({ code: 0, errors: '' })),
    );
    const accounts = await jsonOf<Account[]>(admin, ['accounts', 'list']);
    expect(accounts.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  test('the PostgreSQL of a server that was killed is no obstacle', { timeout: testTimeoutMs }, async () => {
    const server = await startHalo({ data: stoppedData, env: { HALO_SIGN_UP: 'open' } });
    const person = await haloAt(server.url).signUp();
    await server.kill9();
    expect(await show(admin, person.name)).toMatchObject({ id: person.id, sessions: 1 });
  });
});

test('a database that cannot be reached is told of in a sentence, without its password', {
  timeout: testTimeoutMs,
}, async () => {
  const admin = adminWith({ DATABASE_URL: 'postgresql://halo:hidden-word@127.0.0.1:1/halo' });
  await refused(admin, ['accounts', 'list'], 1, /^The database cannot be reached: .*DATABASE_URL/);
  expect((await admin(['accounts', 'list'])).errors).not.toContain('hidden-word');
});
