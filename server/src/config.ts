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
  /** How many processes serve. */
  readonly workers: number;
  /** Whose reads and writes go to PostgreSQL together: everybody's, or one account's at a time, as Citus wants. */
  readonly flight: FlightMode;
  /** How much memory a process may fill with values it has read; 0: none. */
  readonly cacheBytesMax: number;
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
  /** How long security events are kept. */
  readonly auditDays: number;
  /** Addresses, and networks in CIDR notation, that the brakes on guessing do not count. */
  readonly throttleExempt: readonly string[];
  /** Networks of proxies whose `X-Forwarded-*` are believed, as `address/bits`. */
  readonly trustedProxies: readonly string[];
  /** Other origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** What an account may ask of one server process; undefined: as much as it likes. */
  readonly rateLimit: RateLimit | undefined;
  /** What a scraper of `/metrics` proves itself with; undefined: it has to be on this machine. */
  readonly metricsToken: string | undefined;
  /** How long a server that is told to stop serves on while it says that it is not ready. */
  readonly stopDelayMs: number;
  /** Whether traces are made; where they go is read by OpenTelemetry's SDK itself. */
  readonly tracing: boolean;
}

export interface RateLimit {
  readonly requests: number;
  readonly seconds: number;
}

type FlightMode = (typeof flightModes)[number];
type SignUpMode = (typeof signUpModes)[number];

const settingsNames = ['development', 'testing', 'staging', 'production'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];
const flightModes = ['mixed', 'account'] as const;
const signUpModes = ['open', 'closed', 'invite'] as const;

const secretBytesMin = 32;
/** The names that `TRUST_PROXY` takes for networks; RFC 6890 lists them. */
const namedNetworks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const mebibyte = 1_048_576;
const cacheMebibytesDefault = 64;
/** Beyond it, V8's own limit for a heap comes near. */
const cacheMebibytesMax = 1_024;
/** Each holds some 30 connections to PostgreSQL. */
const workersMax = 64;
/** More would be no limit, and its counters would no longer be exact. */
const rateRequestsMax = 1_000_000;
const rateSecondsMax = 86_400;
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
/** Longer than any balancer takes to notice, and less than supervisors wait before they kill. */
const stopDelaySecondsMax = 60;
const auditDaysDefault = 365;
/** Less than a month would be over before anybody looks. */
const auditDaysMin = 30;
/** Behind the loopback is one person, or a proxy: that one must be named to learn the addresses behind it. */
const throttleExemptDefault = '127.0.0.0/8,::1';

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
    workers: readInteger('HALO_WORKERS', read('HALO_WORKERS') ?? '1', 1, workersMax),
    flight: readOneOf('HALO_FLIGHT', read('HALO_FLIGHT') ?? 'mixed', flightModes),
    cacheBytesMax:
      mebibyte *
      readInteger(
        'HALO_CACHE_MIB',
        read('HALO_CACHE_MIB') ?? String(cacheMebibytesDefault),
        0,
        cacheMebibytesMax,
      ),
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
    auditDays: readInteger(
      'HALO_AUDIT_DAYS',
      read('HALO_AUDIT_DAYS') ?? String(auditDaysDefault),
      auditDaysMin,
      historyDaysMax,
    ),
    throttleExempt: readNetworks(
      'HALO_THROTTLE_EXEMPT',
      read('HALO_THROTTLE_EXEMPT') ?? throttleExemptDefault,
    ),
    trustedProxies: readProxies(read('TRUST_PROXY')),
    corsOrigins: readOrigins(read('HALO_CORS_ORIGINS')),
    rateLimit: readRateLimit(read('HALO_RATE_LIMIT')),
    metricsToken: readMetricsToken(read('HALO_METRICS_TOKEN')),
    stopDelayMs:
      1_000 * readInteger('HALO_STOP_DELAY', read('HALO_STOP_DELAY') ?? '0', 0, stopDelaySecondsMax),
    tracing: readTracing(read),
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

function readNetworks(variable: string, value: string): readonly string[] {
  if (value === 'none') return [];
  const networks = value.split(',').map((network) => network.trim());
  if (networks.every(isNetwork)) return networks;
  throw new StartError(
    `${variable} is "${value}". Set it to IP addresses and networks, such as 192.0.2.7,2001:db8::/32, or to none.`,
  );
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  // A zone is the business of one machine's interfaces, and addresses are compared without it.
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
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
  const secrets = readList(value);
  if (secrets.some((secret) => Buffer.byteLength(secret) < secretBytesMin)) {
    throw new StartError(
      `HALO_SECRET holds a secret shorter than ${secretBytesMin} bytes. Make one with "openssl rand -base64 48"; ` +
        'several, for rotation, are separated by commas.',
    );
  }
  return secrets;
}

function readList(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** Neither `true` nor a number of hops: either would believe whoever reaches Halo without the proxy. */
function readProxies(value: string | undefined): string[] {
  return readList(value).flatMap((entry) => {
    if (Object.hasOwn(namedNetworks, entry)) return namedNetworks[entry] ?? [];
    const [address = '', bits, ...rest] = entry.split('/');
    const bitsMax = isIP(address) === 6 ? 128 : 32;
    const isAddress = isIP(address) !== 0 && !address.includes('%') && rest.length === 0;
    const isNetwork = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= bitsMax);
    if (isAddress && isNetwork) return [`${address}/${bits ?? bitsMax}`];
    throw new StartError(
      `TRUST_PROXY has "${entry}". Set it to the addresses or networks of your proxies, separated by commas, such as ` +
        '10.0.0.7 or 10.0.0.0/8; the names loopback, linklocal and uniquelocal stand for the networks of that kind.',
    );
  });
}

function readOrigins(value: string | undefined): string[] {
  return readList(value).map((entry) => {
    if (/^https?:\/\//.test(entry) && URL.canParse(entry) && new URL(entry).origin === entry) return entry;
    throw new StartError(
      `HALO_CORS_ORIGINS has "${entry}". Set it to exact origins separated by commas, in lower case and without a ` +
        'path, such as https://app.example; "*" is not possible.',
    );
  });
}

function readRateLimit(value: string | undefined): RateLimit | undefined {
  if (value === undefined) return undefined;
  const [, requests, seconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,4})$/.exec(value) ?? [];
  const limit = { requests: Number(requests), seconds: Number(seconds) };
  if (limit.requests <= rateRequestsMax && limit.seconds <= rateSecondsMax) return limit;
  throw new StartError(
    `HALO_RATE_LIMIT is "${value}". Set it to REQUESTS/SECONDS, such as 1000/60: up to ${rateRequestsMax} requests ` +
      `in 1 to ${rateSecondsMax} seconds.`,
  );
}

function readMetricsToken(value: string | undefined): string | undefined {
  // What is not visible ASCII could not be sent in a header as it stands.
  if (value === undefined || (value.length >= secretBytesMin && /^[\x21-\x7e]+$/.test(value))) return value;
  throw new StartError(
    `HALO_METRICS_TOKEN cannot be used. Set it to ${secretBytesMin} or more characters of ASCII without spaces, such ` +
      'as the output of "openssl rand -base64 48".',
  );
}

/** The standard variables of OpenTelemetry. Without one that names a place or an exporter, there are no traces. */
function readTracing(read: (name: string) => string | undefined): boolean {
  const exporter = read('OTEL_TRACES_EXPORTER');
  if (exporter !== undefined && exporter !== 'otlp' && exporter !== 'none') {
    throw new StartError(`OTEL_TRACES_EXPORTER is "${exporter}". Set it to otlp or none.`);
  }
  if (exporter === 'none' || read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false;
  const endpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporter === undefined && endpoint === undefined) return false;
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    if (read(name) === 'grpc') {
      const remedy =
        'Halo sends traces over HTTP: set it to http/json, and the endpoint to the port for OTLP over HTTP';
      throw new StartError(`${name} is "grpc". ${remedy}, which usually is 4318.`);
    }
  }
  return true;
}
