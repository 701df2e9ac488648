import { hash } from '@node-rs/argon2';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tables } from '../database/tables.js';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import { viewAccount } from './account-view.js';
import { type Accounts, createAccounts, type LogInRequest } from './accounts.js';
import { createCredentialReader } from './credential.js';
import { createPasswordHasher } from './passwords.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { encodeApiToken, hashSessionToken, newSecret, newSessionId } from './session-token.js';
import { createSignUpPolicy, type SignUpPolicy } from './sign-up-policy.js';
import { createThrottle, type Throttle } from './throttle.js';
import { createTokens, type Tokens } from './tokens.js';

let testDatabase: TestDatabase;
let accounts: Accounts;
let secrets: Secrets;
let tokens: Tokens;
let throttle: Throttle;
let signUpPolicy: SignUpPolicy;
let readCredential: ReturnType<typeof createCredentialReader>;

const hasher = createPasswordHasher();
const password = 'seven quiet herons';
const defaults = { keysMax: 1_000, bytesMax: 1_000_000 };
const origin = { device: 'Firefox', address: '203.0.113.7' };
const db = () => testDatabase.database.kysely;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  secrets = await deriveSecrets(['a secret of at least 32 bytes, for tests']);
  tokens = createTokens(secrets);
  readCredential = createCredentialReader(tokens);
  throttle = createThrottle({ database: db(), secrets, isExempt: () => true });
  signUpPolicy = createSignUpPolicy({ database: db(), mode: 'open' });
  accounts = createAccounts({ database: db(), hasher, tokens, secrets, throttle, signUpPolicy });
});
afterAll(() => testDatabase.drop());

let names = 0;
function person(changes: Partial<LogInRequest> = {}): LogInRequest {
  names += 1;
  return { name: `person-${names}`, password, device: 'Firefox', address: '203.0.113.7', ...changes };
}

const credentialOf = async (accessToken: string) => readCredential(`Bearer ${accessToken}`);
const hashOf = async (name: string) =>
  (
    await db()
      .selectFrom('accounts')
      .select('password_hash')
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
  ).password_hash;
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('It was not refused.'),
    (error: unknown) => error,
  );

describe('signUp', () => {
  test('makes an account, its store and a session that works', async () => {
    const request = person();
    const { grant, refreshToken, expiresAt } = await accounts.signUp(request);
    expect(grant).toMatchObject({ account: { name: request.name }, token_type: 'Bearer', expires_in: 900 });
    expect(grant).not.toHaveProperty('refresh_token');
    expect(grant.account.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
    const credential = await credentialOf(grant.access_token);
    expect(await viewAccount(db(), credential, defaults)).toEqual({
      account: grant.account,
      limits: { keys: 1_000, bytes: 1_000_000 },
      usage: { keys: 0, bytes: 0 },
      revision: 0,
    });
    const refreshed = await accounts.refresh(refreshToken, origin);
    expect(refreshed.grant.account).toEqual(grant.account);
    expect(refreshed.expiresAt).toEqual(expiresAt);
    expect(await credentialOf(refreshed.grant.access_token)).toMatchObject({
      sessionId: credential.sessionId,
    });
  });

  test('gives a name to one account only, however it is written, also when all come at once', async () => {
    const written = ['Zoë', 'zoë', 'ZOË', 'Zoe\u0308', 'ｚｏë'];
    const outcomes = await Promise.allSettled(written.map((name) => accounts.signUp(person({ name }))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'name-taken' });
    }
    for (const name of written) await expect(accounts.logIn(person({ name }))).resolves.toBeDefined();
  });

  test('keeps the name as it was written, in NFKC', async () => {
    expect((await accounts.signUp(person({ name: 'Ｇrace' }))).grant.account.name).toBe('Grace');
  });

  test('refuses names and passwords that break the rules, and then keeps nothing', async () => {
    const bad = { code: 'invalid-request', extra: { pointer: '/name' } };
    await expect(accounts.signUp(person({ name: 'a b' }))).rejects.toMatchObject(bad);
    const request = person({ password: 'leavemealone' });
    await expect(accounts.signUp(request)).rejects.toMatchObject({ code: 'weak-password' });
    await expect(accounts.signUp({ ...request, password })).resolves.toBeDefined();
  });

  test('takes the shorter passwords that an operator allows', async () => {
    const options = { database: db(), hasher, tokens, secrets, throttle, signUpPolicy };
    const short = person({ password: 'x7#Kq9!m' });
    await expect(accounts.signUp(short)).rejects.toMatchObject({ code: 'weak-password' });
    const lenient = createAccounts({ ...options, passwordLengthMin: 8 });
    await expect(lenient.signUp(short)).resolves.toBeDefined();
  });

  test('stores no password, token or secret in plain', async () => {
    const request = person();
    const { grant, refreshToken } = await accounts.signUp(request);
    const { rows } = await sql<{ dump: string }>`
      select (select json_agg(a)::text from accounts a) || (select json_agg(s)::text from sessions s) as dump
    `.execute(db());
    const dump = rows[0]?.dump ?? '';
    expect(dump).toContain(request.name);
    const secret = Buffer.from(refreshToken.slice('halort_'.length), 'base64url').subarray(20, 52);
    for (const plain of [password, grant.access_token, refreshToken, secret.toString('hex')]) {
      expect(dump).not.toContain(plain);
    }
  });
});

describe('logIn', () => {
  test('opens a session of its own each time', async () => {
    const request = person();
    const first = await accounts.signUp(request);
    const second = await accounts.logIn({ ...request, name: request.name.toUpperCase() });
    expect(second.grant.account).toEqual(first.grant.account);
    const [one, two] = [first, second].map(({ grant }) => credentialOf(grant.access_token));
    expect((await one)?.sessionId).not.toBe((await two)?.sessionId);
  });

  test('takes many at once with the right password, and holds up guesses', async () => {
    const request = person();
    await accounts.signUp(request);
    const granted = await Promise.all(Array.from({ length: 30 }, () => accounts.logIn(request)));
    expect(granted).toHaveLength(30);
    const guesses = Array.from({ length: 12 }, () =>
      refusalOf(accounts.logIn({ ...request, password: 'x' })),
    );
    const codes = (await Promise.all(guesses)).map((refusal) => (refusal as HaloError).code);
    expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(5);
    expect(codes.filter((code) => code === 'rate-limited')).toHaveLength(7);
    expect(await refusalOf(accounts.logIn(request))).toMatchObject({ code: 'rate-limited' });
  });

  test('answers a wrong name, an impossible name and a wrong password alike', async () => {
    const request = person();
    await accounts.signUp(request);
    const refusals = await Promise.all(
      [
        { ...request, password: 'seven quiet heronS' },
        { ...request, password: '' },
        { ...request, password: '\ud800\0' },
        person(),
        person({ name: '' }),
        person({ name: 'a b' }),
        person({ name: '\0' }),
        person({ name: '\ud800'.repeat(200) }),
      ].map((attempt) => refusalOf(accounts.logIn(attempt))),
    );
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(HaloError);
      expect(refusal).toMatchObject({
        code: 'unauthenticated',
        message: 'The name or the password is wrong.',
        extra: undefined,
      });
    }
  });

  test('renews a hash of other parameters, also when several log in at once', async () => {
    const request = person();
    await accounts.signUp(request);
    const stale = await hash(password, { memoryCost: 8_192, timeCost: 1 });
    await db()
      .updateTable('accounts')
      .set({ password_hash: stale })
      .where('name', '=', request.name)
      .execute();
    await refusalOf(accounts.logIn({ ...request, password: 'wrong' }));
    expect(await hashOf(request.name)).toBe(stale);
    await Promise.all(Array.from({ length: 6 }, () => accounts.logIn(request)));
    const renewed = await hashOf(request.name);
    expect(renewed).toContain('m=19456,t=2,p=1');
    await accounts.logIn(request);
    expect(await hashOf(request.name)).toBe(renewed);
  });

  test('opens no session with a password that was changed while it was being verified', async () => {
    const request = person();
    const { grant } = await accounts.signUp(request);
    const newHash = await hasher.hash('eight quiet herons');
    // The change is made, but not committed, when the log-in reads the old hash and verifies it.
    let haveVerified = () => {};
    const verified = new Promise<void>((resolve) => {
      haveVerified = resolve;
    });
    const watched = {
      ...hasher,
      verify: async (stored: string, given: string) => {
        const outcome = await hasher.verify(stored, given);
        haveVerified();
        return outcome;
      },
    };
    const attempt = await db()
      .transaction()
      .execute(async (transaction) => {
        await transaction
          .updateTable('accounts')
          .set({ password_hash: newHash })
          .where('id', '=', grant.account.id)
          .execute();
        const logIn = refusalOf(
          createAccounts({ database: db(), hasher: watched, tokens, secrets, throttle, signUpPolicy }).logIn(
            request,
          ),
        );
        await verified;
        await transaction.deleteFrom('sessions').where('account_id', '=', grant.account.id).execute();
        return { logIn };
      });
    expect(await attempt.logIn).toMatchObject({ code: 'unauthenticated' });
    const sessions = await db()
      .selectFrom('sessions')
      .select('id')
      .where('account_id', '=', grant.account.id)
      .execute();
    expect(sessions).toEqual([]);
    await expect(accounts.logIn({ ...request, password: 'eight quiet herons' })).resolves.toBeDefined();
  });

  test('is shed when too many passwords are being checked', async () => {
    const busy = createPasswordHasher({ concurrency: 1, queueMax: 0 });
    const crowded = createAccounts({ database: db(), hasher: busy, tokens, secrets, throttle, signUpPolicy });
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => crowded.logIn(person())));
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : ''));
    expect(codes).toContain('overloaded');
    expect(codes).toContain('unauthenticated');
  });
});

describe('logOut and an ended session', () => {
  test('is refused everywhere at once, while its access token is still genuine', async () => {
    const { grant, refreshToken } = await accounts.signUp(person());
    const credential = await credentialOf(grant.access_token);
    await accounts.logOut(credential, origin);
    expect(await credentialOf(grant.access_token)).toBe(credential);
    for (const work of [
      () => viewAccount(db(), credential, defaults),
      () => accounts.logOut(credential, origin),
      () => accounts.refresh(refreshToken, origin),
    ]) {
      expect(await refusalOf(work())).toMatchObject({ code: 'session-ended' });
    }
  });

  test('of one device leaves the others alone', async () => {
    const request = person();
    const first = await accounts.signUp(request);
    const second = await accounts.logIn(request);
    await accounts.logOut(await credentialOf(first.grant.access_token), origin);
    const credential = await credentialOf(second.grant.access_token);
    await expect(viewAccount(db(), credential, defaults)).resolves.toBeDefined();
  });
});

describe('viewAccount', () => {
  async function issueApiToken(accountId: string) {
    const sessionId = newSessionId();
    const token = encodeApiToken({ accountId, sessionId, secret: newSecret() });
    await db()
      .insertInto('sessions')
      .values({
        account_id: accountId,
        id: sessionId,
        kind: 'token',
        secret_hash: hashSessionToken(token),
        expires_at: sql<Date>`now() + interval '1 hour'`,
      })
      .execute();
    return { sessionId, credential: await readCredential(`Bearer ${token}`) };
  }

  test('shows the limits and the usage of the account', async () => {
    const { grant } = await accounts.signUp(person());
    await sql`update stores set keys_max = 7, revision = 9007199254740991, keys = 3, bytes = 12
              where account_id = ${grant.account.id}`.execute(db());
    const view = await viewAccount(db(), await credentialOf(grant.access_token), defaults);
    expect(view).toMatchObject({
      limits: { keys: 7, bytes: 1_000_000 },
      usage: { keys: 3, bytes: 12 },
      revision: Number.MAX_SAFE_INTEGER,
    });
  });

  test('takes an API token with its own secret only', async () => {
    const { grant } = await accounts.signUp(person());
    const { sessionId, credential } = await issueApiToken(grant.account.id);
    await expect(viewAccount(db(), credential, defaults)).resolves.toMatchObject({ account: grant.account });
    const others = [
      encodeApiToken({ accountId: grant.account.id, sessionId, secret: newSecret() }),
      (await tokens.issue({ accountId: grant.account.id, sessionId })).token,
    ];
    for (const other of others) {
      const forged = await readCredential(`Bearer ${other}`);
      expect(await refusalOf(viewAccount(db(), forged, defaults))).toMatchObject({ code: 'session-ended' });
    }
  });

  test('does not take a refresh token that was rewritten as an API token', async () => {
    const { grant, refreshToken } = await accounts.signUp(person());
    const { sessionId } = await credentialOf(grant.access_token);
    const secret = Buffer.from(refreshToken.slice('halort_'.length), 'base64url').subarray(20, 52);
    const rewritten = encodeApiToken({ accountId: grant.account.id, sessionId, secret });
    const credential = await readCredential(`Bearer ${rewritten}`);
    const refusal = await refusalOf(viewAccount(db(), credential, defaults));
    expect(refusal).toMatchObject({ code: 'session-ended' });
  });

  test('does not take a session for that of another account', async () => {
    const [one, other] = [await accounts.signUp(person()), await accounts.signUp(person())];
    const credential = await credentialOf(one.grant.access_token);
    const crossed = { ...credential, accountId: other.grant.account.id };
    expect(await refusalOf(viewAccount(db(), crossed, defaults))).toMatchObject({ code: 'session-ended' });
  });
});

describe('without a database', () => {
  test('everything that needs one is unavailable, and says no more', async () => {
    const pool = new pg.Pool({ host: '/nonexistent', port: 1, user: 'halo', password: 'hunter2-hunter2' });
    const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    const lost = createAccounts({ database, hasher, tokens, secrets, throttle, signUpPolicy });
    const { grant, refreshToken } = await accounts.signUp(person());
    const credential = await credentialOf(grant.access_token);
    for (const work of [
      () => lost.signUp(person()),
      () => lost.logIn(person()),
      () => lost.refresh(refreshToken, origin),
      () => lost.logOut(credential, origin),
      () => viewAccount(database, credential, defaults),
    ]) {
      const refusal = await refusalOf(work());
      expect(refusal).toBeInstanceOf(HaloError);
      expect(refusal).toMatchObject({ code: 'unavailable', retryAfterS: 1 });
      expect((refusal as HaloError).message).not.toMatch(/nonexistent|hunter2|halort_/);
    }
    await database.destroy();
  });
});

describe('a connection that is lost', () => {
  let database: Kysely<Tables>;
  let disconnecting: Accounts;

  beforeAll(async () => {
    const pool = new pg.Pool(testDatabase.address);
    pool.on('connect', (client) => client.on('error', () => {}));
    database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    disconnecting = createAccounts({ database, hasher, tokens, secrets, throttle, signUpPolicy });
    await sql`create function disconnect() returns trigger language plpgsql as
              $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`.execute(db());
  });
  afterAll(() => database.destroy());

  /** Makes the server end the connection of whoever signs up, in the statement or in COMMIT. */
  async function signUpAndDisconnect(
    when: 'immediate' | 'deferred',
    request: LogInRequest,
  ): Promise<unknown> {
    const trigger = `create constraint trigger disconnect after insert on accounts
      deferrable initially ${when} for each row execute function disconnect()`;
    await sql.raw(trigger).execute(db());
    const refusal = await refusalOf(disconnecting.signUp(request));
    await sql`drop trigger disconnect on accounts`.execute(db());
    return refusal;
  }

  test('during COMMIT leaves the outcome of a sign-up unknown', async () => {
    const refusal = await signUpAndDisconnect('deferred', person());
    expect(refusal).toMatchObject({ code: 'outcome-unknown' });
  });

  test('before COMMIT means that nothing happened', async () => {
    const request = person();
    const refusal = await signUpAndDisconnect('immediate', request);
    expect(refusal).toMatchObject({ code: 'unavailable' });
    await expect(disconnecting.signUp(request)).resolves.toBeDefined();
  });
});
