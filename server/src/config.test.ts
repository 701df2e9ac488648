import { resolve } from 'node:path';
import { limits } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { type Config, readConfig } from './config.js';
import { StartError } from './errors.js';

const secret = 'correct-horse-battery-staple-0123456789';
const otherSecret = 'the-secret-before-that-one-0123456789abc';
const databaseUrl = 'postgresql://halo:s3cr3t-p4ss@db.example:5432/halo';

function failureOf(environment: NodeJS.ProcessEnv): StartError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('The settings were accepted.');
}

describe('readConfig', () => {
  const defaults: [keyof Config, unknown][] = [
    ['settings', 'development'],
    ['host', 'localhost'],
    ['port', 5_000],
    ['workers', 1],
    ['flight', 'mixed'],
    ['cacheBytesMax', 67_108_864],
    ['databaseUrl', undefined],
    ['dataDirectory', resolve('data')],
    ['secrets', []],
    ['logLevel', 'info'],
    ['passwordLengthMin', 12],
    ['accountKeysMax', 1_000_000],
    ['accountBytesMax', 10 * 1024 ** 3],
    ['historyDays', 30],
    ['historyVersions', 100],
    ['auditDays', 365],
    ['throttleExempt', ['127.0.0.0/8', '::1']],
    ['trustedProxies', []],
    ['corsOrigins', []],
    ['rateLimit', undefined],
    ['metricsToken', undefined],
    ['stopDelayMs', 0],
    ['tracing', false],
    ['signUp', undefined],
  ];

  test.each(defaults)('has a default for %s', (name, value) => {
    expect(readConfig({})[name]).toEqual(value);
  });

  test('has no settings but those tested here', () => {
    expect(Object.keys(readConfig({})).sort()).toEqual(defaults.map(([name]) => name).sort());
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  const variables = [
    ['APP_SETTINGS', 'production', 'settings', 'production'],
    ['HOST', '0.0.0.0', 'host', '0.0.0.0'],
    ['HOST', '::1', 'host', '::1'],
    ['HOST', 'halo-1.example', 'host', 'halo-1.example'],
    ['PORT', '0', 'port', 0],
    ['PORT', '65535', 'port', 65_535],
    ['HALO_FLIGHT', 'account', 'flight', 'account'],
    ['HALO_CACHE_MIB', '0', 'cacheBytesMax', 0],
    ['HALO_CACHE_MIB', '2', 'cacheBytesMax', 2_097_152],
    ['HALO_DATA', '/var/lib/halo', 'dataDirectory', '/var/lib/halo'],
    ['HALO_DATA', 'elsewhere', 'dataDirectory', resolve('elsewhere')],
    ['HALO_SECRET', secret, 'secrets', [secret]],
    ['HALO_SECRET', `${secret}, ${otherSecret},`, 'secrets', [secret, otherSecret]],
    ['HALO_SECRET', 'é'.repeat(16), 'secrets', ['é'.repeat(16)]],
    ['HALO_LOG', 'silent', 'logLevel', 'silent'],
    ['HALO_PASSWORD_MIN', '8', 'passwordLengthMin', 8],
    ['HALO_PASSWORD_MIN', '128', 'passwordLengthMin', 128],
    ['HALO_ACCOUNT_KEYS_MAX', '0', 'accountKeysMax', 0],
    ['HALO_ACCOUNT_BYTES_MAX', '9007199254740991', 'accountBytesMax', Number.MAX_SAFE_INTEGER],
    ['HALO_HISTORY_DAYS', '1', 'historyDays', 1],
    ['HALO_HISTORY_DAYS', '36500', 'historyDays', 36_500],
    ['HALO_HISTORY_VERSIONS', '1', 'historyVersions', 1],
    ['HALO_HISTORY_VERSIONS', '1000000', 'historyVersions', 1_000_000],
    ['HALO_AUDIT_DAYS', '30', 'auditDays', 30],
    ['HALO_THROTTLE_EXEMPT', 'none', 'throttleExempt', []],
    ['HALO_THROTTLE_EXEMPT', '192.0.2.7, ::ffff:1.2.3.4', 'throttleExempt', ['192.0.2.7', '::ffff:1.2.3.4']],
    ['HALO_THROTTLE_EXEMPT', '0.0.0.0/0,2001:db8::/128', 'throttleExempt', ['0.0.0.0/0', '2001:db8::/128']],
    ['TRUST_PROXY', '10.0.0.7', 'trustedProxies', ['10.0.0.7/32']],
    ['TRUST_PROXY', '::1, 10.0.0.0/8,', 'trustedProxies', ['::1/128', '10.0.0.0/8']],
    ['TRUST_PROXY', 'loopback', 'trustedProxies', ['127.0.0.0/8', '::1/128']],
    ['TRUST_PROXY', 'linklocal,fd00::/8', 'trustedProxies', ['169.254.0.0/16', 'fe80::/10', 'fd00::/8']],
    [
      'TRUST_PROXY',
      'uniquelocal',
      'trustedProxies',
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
    ],
    ['HALO_CORS_ORIGINS', 'https://app.example', 'corsOrigins', ['https://app.example']],
    [
      'HALO_CORS_ORIGINS',
      'http://localhost:3000, https://a.example:8443',
      'corsOrigins',
      ['http://localhost:3000', 'https://a.example:8443'],
    ],
    ['HALO_RATE_LIMIT', '1000/60', 'rateLimit', { requests: 1_000, seconds: 60 }],
    ['HALO_RATE_LIMIT', '1000000/86400', 'rateLimit', { requests: 1_000_000, seconds: 86_400 }],
    ['HALO_STOP_DELAY', '10', 'stopDelayMs', 10_000],
    ['HALO_METRICS_TOKEN', 'x'.repeat(32), 'metricsToken', 'x'.repeat(32)],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318', 'tracing', true],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://collector:4318/v1/traces', 'tracing', true],
    ['OTEL_TRACES_EXPORTER', 'otlp', 'tracing', true],
    ['OTEL_TRACES_EXPORTER', 'none', 'tracing', false],
    ['OTEL_SERVICE_NAME', 'shop', 'tracing', false],
    ['HALO_WORKERS', '4', 'workers', 4],
    ['HALO_SIGN_UP', 'open', 'signUp', 'open'],
    ['HALO_SIGN_UP', 'closed', 'signUp', 'closed'],
    ['HALO_SIGN_UP', 'invite', 'signUp', 'invite'],
  ] as const;

  test.each(variables)('reads %s=%s', (variable, text, name, value) => {
    expect(readConfig({ [variable]: text })[name]).toEqual(value);
  });

  test.each(variables)('ignores space around %s=%s', (variable, text, name, value) => {
    expect(readConfig({ [variable]: ` ${text}\n` })[name]).toEqual(value);
  });

  test('takes an empty variable for one that is not set', () => {
    const names = [...new Set(variables.map(([variable]) => variable)), 'DATABASE_URL'];
    for (const empty of ['', '  ']) {
      expect(readConfig(Object.fromEntries(names.map((name) => [name, empty])))).toEqual(readConfig({}));
    }
  });

  test.each(['development', 'staging', 'production'])('logs info by default in %s', (settings) => {
    expect(readConfig({ APP_SETTINGS: settings }).logLevel).toBe('info');
  });

  test('logs only warnings by default while testing', () => {
    expect(readConfig({ APP_SETTINGS: 'testing' }).logLevel).toBe('warn');
    expect(readConfig({ APP_SETTINGS: 'testing', HALO_LOG: 'debug' }).logLevel).toBe('debug');
  });

  test.each(['postgres://localhost/halo', databaseUrl])('takes %s for a database', (url) => {
    expect(readConfig({ DATABASE_URL: url, HALO_SECRET: secret }).databaseUrl).toBe(url);
  });

  test.each([
    ['APP_SETTINGS', 'prod', /development, testing, staging, production/],
    ['APP_SETTINGS', 'Production', /development, testing, staging, production/],
    ['APP_SETTINGS', '__proto__', /development, testing, staging, production/],
    ['HOST', 'http://localhost', /host name or an IP address/],
    ['HOST', 'localhost:5000', /host name or an IP address/],
    ['HOST', '-a', /host name or an IP address/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '5e3', /from 0 to 65535/],
    ['PORT', '0x50', /from 0 to 65535/],
    ['PORT', '80.0', /from 0 to 65535/],
    ['PORT', 'http', /from 0 to 65535/],
    ['HALO_FLIGHT', 'shards', /mixed, account/],
    ['HALO_CACHE_MIB', '1025', /from 0 to 1024/],
    ['HALO_LOG', 'verbose', /trace, debug, info, warn, error, fatal, silent/],
    ['HALO_PASSWORD_MIN', String(limits.passwordLengthFloor - 1), /from 8 to 128/],
    ['HALO_PASSWORD_MIN', String(limits.passwordLengthMax + 1), /from 8 to 128/],
    ['HALO_ACCOUNT_KEYS_MAX', '-1', /from 0 to 9007199254740991/],
    ['HALO_ACCOUNT_KEYS_MAX', '1_000', /from 0 to 9007199254740991/],
    ['HALO_ACCOUNT_BYTES_MAX', '9007199254740992', /from 0 to 9007199254740991/],
    ['HALO_ACCOUNT_BYTES_MAX', '10 GiB', /from 0 to 9007199254740991/],
    ['HALO_HISTORY_DAYS', '0', /from 1 to 36500/],
    ['HALO_HISTORY_DAYS', '36501', /from 1 to 36500/],
    ['HALO_HISTORY_DAYS', '0.5', /from 1 to 36500/],
    ['HALO_HISTORY_VERSIONS', '0', /from 1 to 1000000/],
    ['HALO_HISTORY_VERSIONS', '-1', /from 1 to 1000000/],
    ['HALO_HISTORY_VERSIONS', '1000001', /from 1 to 1000000/],
    ['HALO_AUDIT_DAYS', '29', /from 30 to 36500/],
    ['HALO_THROTTLE_EXEMPT', 'localhost', /IP addresses and networks, .* or to none/],
    ['HALO_THROTTLE_EXEMPT', '127.0.0.0/33', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '::/129', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '10.0.0.0/', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '10.0.0.0/+8', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '10.0.0.0/255.0.0.0', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '10.0.0.0/8/8', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', 'fe80::1%eth0', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', 'none,::1', /IP addresses and networks/],
    ['HALO_THROTTLE_EXEMPT', '::1,', /IP addresses and networks/],
    ['HALO_SIGN_UP', 'invites', /open, closed, invite/],
    ['HALO_SIGN_UP', 'Open', /open, closed, invite/],
  ])('refuses %s=%s, names the variable and says what to set', (variable, value, remedy) => {
    const { message } = failureOf({ [variable]: value });
    expect(message).toContain(`${variable} is "${value}". Set it to `);
    expect(message).toMatch(remedy);
  });

  test.each([
    'mysql://halo:s3cr3t-p4ss@db.example/halo',
    'postgresql://halo:s3cr3t-p4ss@db.example:port/halo',
    'postgresql:halo:s3cr3t-p4ss',
    'host=db.example password=s3cr3t-p4ss',
    's3cr3t-p4ss',
  ])('refuses the DATABASE_URL %s without repeating it: it may hold a password', (url) => {
    const { message, cause } = failureOf({ DATABASE_URL: url, HALO_SECRET: secret });
    expect(message).toMatch(/^DATABASE_URL .*Set it to postgresql:\/\/user:password@host:port\/database/);
    expect(message).not.toMatch(/s3cr3t|db\.example/);
    expect(cause).toBeUndefined();
  });

  test.each([
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', '1'],
    ['TRUST_PROXY', 'Loopback'],
    ['TRUST_PROXY', '__proto__'],
    ['TRUST_PROXY', 'proxy.example'],
    ['TRUST_PROXY', '10.0.0.256'],
    ['TRUST_PROXY', '10.0.0'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/255.0.0.0'],
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '::/0'],
    ['TRUST_PROXY', '::/129'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['TRUST_PROXY', '10.0.0.0/'],
    ['TRUST_PROXY', '10.0.0.0/08'],
    ['TRUST_PROXY', 'fe80::1%eth0'],
    ['HALO_CORS_ORIGINS', '*'],
    ['HALO_CORS_ORIGINS', 'null'],
    ['HALO_CORS_ORIGINS', 'app.example'],
    ['HALO_CORS_ORIGINS', 'https://app.example/'],
    ['HALO_CORS_ORIGINS', 'https://app.example/path'],
    ['HALO_CORS_ORIGINS', 'https://App.example'],
    ['HALO_CORS_ORIGINS', 'https://app.example:443'],
    ['HALO_CORS_ORIGINS', 'https://*.example/'],
    ['HALO_CORS_ORIGINS', 'https://user@app.example'],
    ['HALO_CORS_ORIGINS', 'file://app'],
  ])('refuses %s with the entry %s and says what to set, also beside proper entries', (variable, entry) => {
    const proper = variable === 'TRUST_PROXY' ? '127.0.0.1' : 'https://proper.example';
    for (const value of [entry, `${proper},${entry}`]) {
      const { message } = failureOf({ [variable]: value });
      expect(message).toContain(`${variable} has "${entry}". Set it to `);
    }
  });

  test.each([
    '1000',
    '1000/',
    '/60',
    '0/60',
    '60/0',
    '1000/60/1',
    '10.5/60',
    '1000001/60',
    '10/86401',
    '1e3/60',
  ])('refuses HALO_RATE_LIMIT=%s', (value) => {
    const { message } = failureOf({ HALO_RATE_LIMIT: value });
    expect(message).toContain(`HALO_RATE_LIMIT is "${value}". Set it to REQUESTS/SECONDS`);
  });

  test.each(['m3tr1cs', 'm3tr1cs-'.repeat(3), `${'m3tr1cs-'.repeat(4)} `.repeat(2), 'm3tr1csé'.repeat(4)])(
    'refuses the HALO_METRICS_TOKEN %j without repeating it',
    (value) => {
      const { message } = failureOf({ HALO_METRICS_TOKEN: value });
      expect(message).toMatch(/^HALO_METRICS_TOKEN cannot be used\. Set it to 32 or more characters/);
      expect(message).not.toContain('m3tr1cs');
    },
  );

  test('refuses a DATABASE_URL without HALO_SECRET, and repeats nothing of it', () => {
    for (const none of [undefined, '', ' , ']) {
      const { message } = failureOf({ DATABASE_URL: databaseUrl, HALO_SECRET: none });
      expect(message).toMatch(/^HALO_SECRET is not set\..*set HALO_SECRET to 32 or more random characters/);
      expect(message).not.toMatch(/s3cr3t|db\.example/);
    }
  });

  test('asks for no HALO_SECRET where none is needed, but still refuses a short one', () => {
    const read = (HALO_SECRET: string) =>
      readConfig({ DATABASE_URL: databaseUrl, HALO_SECRET }, { secretNeeded: false });
    expect(read('')).toMatchObject({ databaseUrl, secrets: [] });
    expect(() => read('short')).toThrow(/^HALO_SECRET holds a secret shorter/);
  });

  test.each(['x'.repeat(31), `${secret},${'x'.repeat(31)}`, `${'x'.repeat(31)},${secret}`, 'short'])(
    'refuses a HALO_SECRET with a secret under 32 bytes without repeating any: %s',
    (value) => {
      const { message, cause } = failureOf({ HALO_SECRET: value });
      expect(message).toMatch(/^HALO_SECRET holds a secret shorter than 32 bytes\. Make one with /);
      for (const part of value.split(',').filter((part) => part !== 'short'))
        expect(message).not.toContain(part);
      expect(cause).toBeUndefined();
    },
  );

  test('no failure of another variable repeats the database or the secret', () => {
    const proper = { DATABASE_URL: databaseUrl, HALO_SECRET: secret };
    for (const variable of [
      'APP_SETTINGS',
      'HOST',
      'PORT',
      'HALO_LOG',
      'HALO_PASSWORD_MIN',
      'HALO_ACCOUNT_KEYS_MAX',
    ]) {
      const { message } = failureOf({ ...proper, [variable]: '?' });
      expect(message).toContain(variable);
      expect(message).not.toMatch(/s3cr3t|db\.example|correct-horse/);
    }
  });
});
