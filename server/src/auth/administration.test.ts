import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { type AccountSummary, findAccount, listAccounts } from './account-list.js';
import { viewAccount } from './account-view.js';
import { type Accounts, createAccounts, type LogInRequest } from './accounts.js';
import {
  createAccount,
  deleteAccount,
  disableAccount,
  enableAccount,
  endAllSessions,
  resetPassword,
  setLimits,
} from './administration.js';
import { readAudit } from './audit.js';
import { createCredentialReader } from './credential.js';
import { createPasswordHasher } from './passwords.js';
import { deriveSecrets } from './secrets.js';
import { encodeApiToken, hashSessionToken, newSecret, newSessionId } from './session-token.js';
import { createSignUpPolicy } from './sign-up-policy.js';
import { createThrottle } from './throttle.js';
import { createTokens, type Tokens } from './tokens.js';

let testDatabase: TestDatabase;
let accounts: Accounts;
let tokens: Tokens;

const hasher = createPasswordHasher();
const password = 'seven quiet herons';
const otherPassword = 'nine loud cormorants';
const given = (text = otherPassword) => ({ password: text, hasher, passwordLengthMin: 12 });
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
  tokens = createTokens(secrets);
  const throttle = createThrottle({ database: db(), secrets, isExempt: () => true });
  const signUpPolicy = createSignUpPolicy({ database: db(), mode: 'open' });
  accounts = createAccounts({ database: db(), hasher, tokens, secrets, throttle, signUpPolicy });
});
afterAll(() => testDatabase.drop());

let people = 0;
async function signUp() {
  people += 1;
  const request: LogInRequest = { name: `person-${people}`, password, device: 'Firefox', address: undefined };
  const { grant } = await accounts.signUp(request);
  const { id, name } = grant.account;
  return { id, name, request, accessToken: grant.access_token };
}
type Person = Awaited<ReturnType<typeof signUp>>;

/** An API token of somebody's. */
async function addToken({ id }: Person, expiresIn = '1 day'): Promise<string> {
  const sessionId = newSessionId();
  const token = encodeApiToken({ accountId: id, sessionId, secret: newSecret() });
  const expires_at = sql<Date>`now() + ${expiresIn}::interval`;
  await db()
    .insertInto('sessions')
    .values({
      account_id: id,
      id: sessionId,
      kind: 'token',
      secret_hash: hashSessionToken(token),
      expires_at,
    })
    .execute();
  return token;
}

const defaults = { keysMax: 1_000, bytesMax: 1_000_000 };
async function isAccepted(token: string): Promise<boolean> {
  const credential = await createCredentialReader(tokens)(`Bearer ${token}`);
  return viewAccount(db(), credential, defaults).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'session-ended' });
      return false;
    },
  );
}

async function eventsOf(accountId: string) {
  const events = await readAudit(db(), accountId, { limit: 100 });
  return events.filter(({ actor }) => actor === 'operator').map(({ event }) => event);
}

/** Until that many statements wait for locks. */
const blocked = (count: number) =>
  expect
    .poll(
      async () => {
        const { rows } = await sql<{ waiting: number }>`
          select count(*)::int as waiting from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(db());
        return rows[0]?.waiting;
      },
      { timeout: 10_000 },
    )
    .toBe(count);

/** Keeps a lock, taken by the statement, while `work` goes on. */
async function whileLocked(statement: ReturnType<typeof sql>, work: () => Promise<void>): Promise<void> {
  await db()
    .transaction()
    .execute(async (transaction) => {
      await statement.execute(transaction);
      await work();
    });
}

describe('createAccount', () => {
  test('makes an account that can log in, and no session', async () => {
    const { id, name } = await createAccount(db(), 'Élodie', given());
    expect(await findAccount(db(), 'élodie')).toMatchObject({ id, name, keys: 0, sessions: 0, tokens: 0 });
    const logIn = { name: 'élodie', password: otherPassword, device: undefined, address: undefined };
    expect((await accounts.logIn(logIn)).grant.account).toMatchObject({ id, name: 'Élodie' });
    expect(await eventsOf(id)).toEqual(['sign-up']);
  });

  test('checks what signing up checks', async () => {
    const { name } = await signUp();
    await expect(createAccount(db(), name.toUpperCase(), given())).rejects.toMatchObject({
      code: 'name-taken',
    });
    await expect(createAccount(db(), 'a b', given())).rejects.toMatchObject({ code: 'invalid-request' });
    await expect(createAccount(db(), 'short-one', given('x7#Kq9!m'))).rejects.toMatchObject({
      code: 'weak-password',
    });
    await expect(findAccount(db(), 'short-one')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('disableAccount', () => {
  test('ends log-ins and holds tokens, until the account is enabled', async () => {
    const person = await signUp();
    const bystander = await signUp();
    const token = await addToken(person);
    const expiring = await addToken(person);
    expect(await isAccepted(token)).toBe(true);
    expect(await disableAccount(db(), person.name)).toEqual({ logIns: 1, tokens: 2 });
    expect(await isAccepted(person.accessToken)).toBe(false);
    expect(await isAccepted(token)).toBe(false);
    expect((await findAccount(db(), person.name)).disabledAt).toBeInstanceOf(Date);
    await db()
      .updateTable('sessions')
      .set({ expires_at: sql<Date>`now() - interval '1 second'` })
      .where('secret_hash', '=', hashSessionToken(expiring))
      .execute();
    expect(await enableAccount(db(), person.name)).toEqual({ logIns: 0, tokens: 1 });
    expect(await isAccepted(token)).toBe(true);
    expect(await isAccepted(expiring)).toBe(false);
    expect(await isAccepted(person.accessToken)).toBe(false);
    expect((await findAccount(db(), person.name)).disabledAt).toBeNull();
    expect(await isAccepted(bystander.accessToken)).toBe(true);
    expect(await eventsOf(person.id)).toEqual(['account-enabled', 'account-disabled']);
  });

  test('keeps the first moment when it is repeated, and tells of one change', async () => {
    const { id, name } = await signUp();
    await disableAccount(db(), name);
    const { disabledAt } = await findAccount(db(), name);
    expect(await disableAccount(db(), name)).toEqual({ logIns: 0, tokens: 0 });
    expect((await findAccount(db(), name)).disabledAt).toEqual(disabledAt);
    expect(await eventsOf(id)).toEqual(['account-disabled']);
  });

  test('waits for a log-in that is under way, and ends it', async () => {
    const person = await signUp();
    let logIn: Promise<{ readonly grant: { readonly access_token: string } }> | undefined;
    let disabling: Promise<unknown> | undefined;
    // The log-in has confirmed the password and is about to open its session.
    await whileLocked(sql`lock table sessions in share mode`, async () => {
      logIn = accounts.logIn(person.request);
      await blocked(1);
      disabling = disableAccount(db(), person.name);
      await blocked(2);
    });
    expect(await disabling).toEqual({ logIns: 2, tokens: 0 });
    const granted = await logIn;
    if (granted === undefined) throw new Error('There was no log-in.');
    expect(await isAccepted(granted.grant.access_token)).toBe(false);
  });

  test('waits for the commits that are under way', async () => {
    const { id, name } = await signUp();
    let disabling: Promise<unknown> | undefined;
    await whileLocked(sql`select 1 from stores where account_id = ${id} for no key update`, async () => {
      disabling = disableAccount(db(), name);
      await blocked(1);
    });
    expect(await disabling).toEqual({ logIns: 1, tokens: 0 });
  });
});

describe('resetPassword', () => {
  test('ends log-ins and leaves tokens, unless they are revoked too', async () => {
    const person = await signUp();
    const token = await addToken(person);
    expect(await resetPassword(db(), person.name, given(), { revokeTokens: false })).toEqual({
      logIns: 1,
      tokens: 0,
    });
    expect(await isAccepted(person.accessToken)).toBe(false);
    expect(await isAccepted(token)).toBe(true);
    await expect(accounts.logIn(person.request)).rejects.toMatchObject({ code: 'unauthenticated' });
    const { grant } = await accounts.logIn({ ...person.request, password: otherPassword });
    const again = given('a third and longer phrase');
    expect(await resetPassword(db(), person.name, again, { revokeTokens: true })).toEqual({
      logIns: 1,
      tokens: 1,
    });
    expect(await isAccepted(grant.access_token)).toBe(false);
    expect(await isAccepted(token)).toBe(false);
    expect(await eventsOf(person.id)).toEqual(['tokens-revoked', 'password-changed', 'password-changed']);
  });

  test('revokes held tokens too, so that enabling the account does not bring them back', async () => {
    const person = await signUp();
    const token = await addToken(person);
    await disableAccount(db(), person.name);
    await resetPassword(db(), person.name, given(), { revokeTokens: true });
    expect(await enableAccount(db(), person.name)).toEqual({ logIns: 0, tokens: 0 });
    expect(await isAccepted(token)).toBe(false);
  });

  test('waits for a log-in with the old password, and ends it', async () => {
    const person = await signUp();
    let logIn: Promise<{ readonly grant: { readonly access_token: string } }> | undefined;
    let resetting: Promise<unknown> | undefined;
    await whileLocked(sql`lock table sessions in share mode`, async () => {
      logIn = accounts.logIn(person.request);
      await blocked(1);
      resetting = resetPassword(db(), person.name, given(), { revokeTokens: false });
      await blocked(2);
    });
    await resetting;
    const granted = await logIn;
    if (granted === undefined) throw new Error('There was no log-in.');
    expect(await isAccepted(granted.grant.access_token)).toBe(false);
  });

  test('refuses a weak password and changes nothing', async () => {
    const person = await signUp();
    const weak = resetPassword(db(), person.name, given('leavemealone'), { revokeTokens: true });
    await expect(weak).rejects.toMatchObject({ code: 'weak-password' });
    expect(await isAccepted(person.accessToken)).toBe(true);
  });
});

test('endAllSessions ends log-ins, and tokens on demand', async () => {
  const person = await signUp();
  const token = await addToken(person);
  expect(await endAllSessions(db(), person.name, { revokeTokens: false })).toEqual({ logIns: 1, tokens: 0 });
  expect([await isAccepted(person.accessToken), await isAccepted(token)]).toEqual([false, true]);
  expect(await endAllSessions(db(), person.name, { revokeTokens: true })).toEqual({ logIns: 0, tokens: 1 });
  expect(await isAccepted(token)).toBe(false);
  await expect(accounts.logIn(person.request)).resolves.toBeDefined();
  expect(await eventsOf(person.id)).toEqual(['tokens-revoked', 'all-sessions-ended', 'all-sessions-ended']);
});

test('setLimits changes what is named, and null goes back to the default', async () => {
  const { id, name } = await signUp();
  const limitsOf = async () => {
    const { keysMax, bytesMax } = await findAccount(db(), name);
    return [keysMax, bytesMax];
  };
  await setLimits(db(), name, { keys: 5, bytes: Number.MAX_SAFE_INTEGER });
  expect(await limitsOf()).toEqual([5, Number.MAX_SAFE_INTEGER]);
  await setLimits(db(), name, { bytes: 0 });
  expect(await limitsOf()).toEqual([5, 0]);
  await setLimits(db(), name, { keys: null });
  expect(await limitsOf()).toEqual([null, 0]);
  for (const keys of [-1, 0.5, Number.NaN, 2 ** 53])
    await expect(setLimits(db(), name, { keys })).rejects.toMatchObject({ code: 'invalid-request' });
  expect(await limitsOf()).toEqual([null, 0]);
  expect(await eventsOf(id)).toEqual(['limits-set', 'limits-set', 'limits-set']);
});

test('deleteAccount ends everything at once, frees the name, and is told of in the server’s trail', async () => {
  const person = await signUp();
  const token = await addToken(person);
  await deleteAccount(db(), person.name);
  expect([await isAccepted(person.accessToken), await isAccepted(token)]).toEqual([false, false]);
  await expect(accounts.logIn(person.request)).rejects.toMatchObject({ code: 'unauthenticated' });
  // The log-in that was refused is in the server's trail as well.
  const [, event] = await readAudit(db(), '0', { limit: 2 });
  expect(event).toMatchObject({ event: 'account-deleted', actor: 'operator', subject: person.id });
  const erasure = db().selectFrom('erasures').selectAll().where('account_id', '=', person.id);
  expect(await erasure.executeTakeFirst()).toBeDefined();
  const { grant } = await accounts.signUp(person.request);
  expect(grant.account.id).not.toBe(person.id);
});

test('no verb finds an account that is not there', async () => {
  const missing = { code: 'not-found', message: expect.stringContaining('"nobody-here"') as string };
  const verbs = [
    () => disableAccount(db(), 'nobody-here'),
    () => enableAccount(db(), 'nobody-here'),
    () => deleteAccount(db(), 'nobody-here'),
    () => resetPassword(db(), 'nobody-here', given(), { revokeTokens: true }),
    () => endAllSessions(db(), 'nobody-here', { revokeTokens: true }),
    () => setLimits(db(), 'nobody-here', { keys: 1 }),
    () => findAccount(db(), 'nobody-here'),
  ];
  for (const verb of verbs) await expect(verb()).rejects.toMatchObject(missing);
  await expect(disableAccount(db(), 'x'.repeat(1_000))).rejects.toMatchObject({ code: 'not-found' });
});

test('verbs, log-ins and log-outs of one account at once neither fail nor deadlock', async () => {
  const person = await signUp();
  const comeAndGo = async () => {
    const { grant } = await accounts.logIn(person.request);
    const credential = await createCredentialReader(tokens)(`Bearer ${grant.access_token}`);
    await accounts.logOut(credential, { device: undefined, address: undefined }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'session-ended' });
    });
  };
  const work = Array.from({ length: 12 }, () => [
    comeAndGo(),
    endAllSessions(db(), person.name, { revokeTokens: true }),
    setLimits(db(), person.name, { keys: 7 }),
    enableAccount(db(), person.name),
    addToken(person),
  ]);
  await Promise.all(work.flat());
  expect((await findAccount(db(), person.name)).keysMax).toBe(7);
});

test('listAccounts yields every account once, in the order of names, across pages', async () => {
  await sql`
    with made as (
      insert into accounts (name, name_folded, password_hash)
      select 'Listed-' || n, 'listed-' || n, 'none' from generate_series(1, 1234) n returning id
    ) insert into stores (account_id) select id from made`.execute(db());
  const person = await signUp();
  await addToken(person);
  await addToken(person, '-1 second');
  const all: AccountSummary[] = [];
  for await (const page of listAccounts(db())) {
    expect(page.length).toBeLessThanOrEqual(500);
    all.push(...page);
  }
  const names = all.map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('Listed-'))).toHaveLength(1_234);
  expect(new Set(names).size).toBe(names.length);
  const folded = names.map((name) => name.toLowerCase());
  expect(folded).toEqual(folded.toSorted());
  const summary = { id: person.id, sessions: 1, tokens: 1, keysMax: null, disabledAt: null };
  expect(all.find(({ name }) => name === person.name)).toMatchObject(summary);
});
