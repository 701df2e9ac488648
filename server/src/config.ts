import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { limits } from 'halo-contract';
import { StartError } from './errors.js';

export type Settings = 'development' | 'testing' | 'staging' | 'production';

export interface Config {
  readonly settings: Settings;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Undefined: Halo runs a PostgreSQL of its own. */
  readonly databaseUrl: string | undefined;
  /** Absolute. The embedded PostgreSQL's cluster and the generated secret live here. */
  readonly dataDirectory: string;
  /** The first signs, all verify. Empty: the embedded default keeps one in the data directory. */
  readonly secrets: readonly string[];
  readonly logLevel: LogLevel;
  readonly passwordLengthMin: number;
  readonly accountKeysMax: number;
  readonly accountBytesMax: number;
  /** How long a version is kept after another took its place, and a deleted key in the trash. */
  readonly historyDays: number;
  /** How many versions of a key keep their value, the current one included. */
  readonly historyVersions: number;
  /** Who may sign up, over what the operator has set with a command. Undefined: that decides. */
  readonly signUp: SignUpMode | undefined;
}

type SignUpMode = (typeof signUpModes)[number];

const settingsNames = ['development', 'testing', 'staging', 'production'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];
const signUpModes = ['open', 'closed', 'invite'] as const;

const secretBytesMin = 32;
const historyDaysDefault = 30;
/** A day is the least that lets anybody notice a mistake and undo it. */
const historyDaysMin = 1;
/** A hundred years: beyond it, instants would no longer fit where they are reckoned with. */
const historyDaysMax = 36_500;
const historyVersionsDefault = 100;
/** The current version always keeps its value. */
const historyVersionsMin = 1;
/** More could not be walked along within the time that a statement has. */
const historyVersionsMax = 1_000_000;

/**
 * Reads the settings: the only place that looks at the environment.
 *
 * @param secretNeeded whether a DATABASE_URL asks for a HALO_SECRET; false for whoever issues no tokens
 * @throws StartError naming the variable and the remedy when a value cannot be used
 */
export function readConfig(
  environment: NodeJS.ProcessEnv,
  { secretNeeded = true }: { readonly secretNeeded?: boolean } = {},
): Config {
  const read = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  };
  const settings = readOneOf('APP_SETTINGS', read('APP_SETTINGS') ?? 'development', settingsNames);
  const databaseUrl = readDatabaseUrl(read('DATABASE_URL'));
  const secrets = readSecrets(read('HALO_SECRET'));
  if (secretNeeded && databaseUrl !== undefined && secrets.length === 0) {
    throw new StartError(
      'HALO_SECRET is not set. With a DATABASE_URL, every Halo server on it needs the same secret: ' +
        'set HALO_SECRET to 32 or more random characters, such as the output of "openssl rand -base64 48".',
    );
  }
  return Object.freeze({
    settings,
    host: readHost(read('HOST') ?? 'localhost'),
    port: readInteger('PORT', read('PORT') ?? '5000', 0, 65_535),
    databaseUrl,
    dataDirectory: resolve(read('HALO_DATA') ?? 'data'),
    secrets,
    logLevel: readOneOf(
      'HALO_LOG',
      read('HALO_LOG') ?? (settings === 'testing' ? 'warn' : 'info'),
      logLevels,
    ),
    passwordLengthMin: readInteger(
      'HALO_PASSWORD_MIN',
      read('HALO_PASSWORD_MIN') ?? String(limits.passwordLengthMin),
      limits.passwordLengthFloor,
      limits.passwordLengthMax,
    ),
    accountKeysMax: readInteger(
      'HALO_ACCOUNT_KEYS_MAX',
      read('HALO_ACCOUNT_KEYS_MAX') ?? String(limits.accountKeysMax),
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    accountBytesMax: readInteger(
      'HALO_ACCOUNT_BYTES_MAX',
      read('HALO_ACCOUNT_BYTES_MAX') ?? String(limits.accountBytesMax),
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    historyDays: readInteger(
      'HALO_HISTORY_DAYS',
      read('HALO_HISTORY_DAYS') ?? String(historyDaysDefault),
      historyDaysMin,
      historyDaysMax,
    ),
    historyVersions: readInteger(
      'HALO_HISTORY_VERSIONS',
      read('HALO_HISTORY_VERSIONS') ?? String(historyVersionsDefault),
      historyVersionsMin,
      historyVersionsMax,
    ),
    signUp: readSignUp(read('HALO_SIGN_UP')),
  });
}

function readSignUp(value: string | undefined): SignUpMode | undefined {
  return value === undefined ? undefined : readOneOf('HALO_SIGN_UP', value, signUpModes);
}

function readOneOf<Name extends string>(variable: string, value: string, names: readonly Name[]): Name {
  const known = names.find((name) => name === value);
  if (known !== undefined) return known;
  throw new StartError(`${variable} is "${value}". Set it to one of ${names.join(', ')}.`);
}

function readInteger(variable: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new StartError(`${variable} is "${value}". Set it to a whole number from ${min} to ${max}.`);
}

function readHost(value: string): string {
  if (isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) return value;
  throw new StartError(
    `HOST is "${value}". Set it to a host name or an IP address to listen on, such as localhost.`,
  );
}

function readDatabaseUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  // The value may carry a password, so that it is not repeated.
  throw new StartError(
    'DATABASE_URL cannot be read. Set it to postgresql://user:password@host:port/database, with special ' +
      'characters percent-encoded, or leave it out to let Halo run its own PostgreSQL.',
  );
}

function readSecrets(value: string | undefined): string[] {
  const secrets = (value ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  if (secrets.some((secret) => Buffer.byteLength(secret) < secretBytesMin)) {
    throw new StartError(
      `HALO_SECRET holds a secret shorter than ${secretBytesMin} bytes. Make one with "openssl rand -base64 48"; ` +
        'several, for rotation, are separated by commas.',
    );
  }
  return secrets;
}
