import { HaloError } from 'halo-client';
import { connectTo, namedFetch, type Target } from './connection.js';
import { exitCodes } from './failure.js';
import { profilesAreOpen } from './profiles.js';
import { version } from './version.js';

/** One thing that was looked into. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** What the command ends with because of it. */
  readonly exitCode?: number;
}

/** A server that takes longer to say a word is not well. */
const answerMsMax = 10_000;
/** Access tokens are renewed half a minute before they expire, by this machine's clock. */
const clockMsMax = 30_000;

/** Looks into everything between here and the data, the nearest first; what depends on a failure is left out. */
export async function* examine(target: Target): AsyncGenerator<Finding> {
  yield* examineProfiles(target);
  yield examineUrl(target);
  const live = await ask(target, '/health/live');
  if (live instanceof Error) {
    const remedy = 'Check --url, HALO_URL, the profile, and that the server runs.';
    yield {
      state: 'fail',
      what: `${target.url} cannot be reached: ${reasonOf(live)}`,
      remedy,
      exitCode: exitCodes.unreachable,
    };
    return;
  }
  if (!live.ok) {
    const what = `${target.url} answers ${live.status} where a Halo says that it lives`;
    yield { state: 'fail', what, remedy: 'Check that this URL is a Halo’s.', exitCode: exitCodes.failed };
    return;
  }
  yield { state: 'ok', what: `${target.url} can be reached` };
  yield await examineVersion(target);
  yield await examineReadiness(target);
  yield examineClock(live.headers.get('date'), Date.now());
  yield* examineCredential(target);
}

/** Compares the server's clock, known to the second, with ours. */
export function examineClock(date: string | null, nowMs: number): Finding {
  const differenceMs = nowMs - Date.parse(date ?? '');
  if (Number.isNaN(differenceMs)) return { state: 'warn', what: 'The server does not tell the time' };
  const seconds = Math.round(differenceMs / 1_000);
  if (Math.abs(differenceMs) <= clockMsMax) return { state: 'ok', what: 'The clocks agree' };
  return {
    state: 'warn',
    what: `This machine’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the server’s`,
    remedy: 'Set both by NTP: expiry times and sessions go by them.',
  };
}

/** Whether what is sent can be read on the way. */
export function examineUrl({ url, urlFrom }: Pick<Target, 'url' | 'urlFrom'>): Finding {
  const { protocol, hostname } = new URL(url);
  const source = `the URL is ${url} (${urlFrom === 'profile' ? 'of the profile' : urlFrom})`;
  if (protocol === 'https:') return { state: 'ok', what: `Encrypted: ${source}` };
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  if (isLocal) return { state: 'ok', what: `On this machine, which needs no encryption: ${source}` };
  return {
    state: 'warn',
    what: `Not encrypted: ${source}`,
    remedy: 'Use https:// with a proxy in front of Halo: passwords and values can be read on the way.',
  };
}

async function* examineProfiles({ profiles, profile, profileName }: Target): AsyncGenerator<Finding> {
  const isOpen = await profilesAreOpen(profiles.path);
  if (isOpen === true) {
    yield {
      state: 'warn',
      what: `Others may read ${profiles.path}`,
      remedy: `Run "chmod 600 ${profiles.path}".`,
    };
  }
  const what =
    profile === undefined ? `There is no profile "${profileName}" yet` : `The profile is "${profileName}"`;
  yield { state: 'ok', what: `${what}, in ${profiles.path}` };
}

async function examineVersion(target: Target): Promise<Finding> {
  const answer = await ask(target, '/openapi.json');
  const document = answer instanceof Error ? undefined : await answer.json().catch(() => undefined);
  const found = (document as { info?: { version?: string } } | undefined)?.info?.version;
  if (found === undefined) return { state: 'warn', what: 'The server does not tell its version' };
  if (found === version) return { state: 'ok', what: `Server and command line are both version ${version}` };
  const remedy = 'Update the older one; a minor version may change the wire.';
  return { state: 'warn', what: `The server is version ${found}, this command line ${version}`, remedy };
}

async function examineReadiness(target: Target): Promise<Finding> {
  const ready = await ask(target, '/health/ready');
  if (!(ready instanceof Error) && ready.ok) return { state: 'ok', what: 'The server is ready' };
  const remedy = 'Ask the operator to look at the server’s log: it cannot reach its database.';
  return { state: 'fail', what: 'The server is not ready', remedy, exitCode: exitCodes.failed };
}

async function* examineCredential(target: Target): AsyncGenerator<Finding> {
  const { credential, profile, profileName, url } = target;
  if (credential === undefined) {
    const isElsewhere = profile !== undefined && profile.url !== url;
    const why = isElsewhere ? `: the profile "${profileName}" is for ${profile.url}` : '';
    const what = `Nobody is logged in here${why}`;
    yield {
      state: 'fail',
      what,
      remedy: 'Run "halo login", or set HALO_TOKEN.',
      exitCode: exitCodes.unauthorised,
    };
    return;
  }
  const halo = connectTo(target, { timeoutMs: answerMsMax, retries: 1 });
  const kind = credential.kind === 'token' ? `an API token (${credential.from})` : 'a log-in';
  try {
    const { account, usage, limits } = await halo.whoAmI();
    yield { state: 'ok', what: `Logged in as ${account.name}, with ${kind}` };
    yield await examineScope(target);
    yield examineSpace(usage, limits);
  } catch (error) {
    if (!(error instanceof HaloError)) throw error;
    const isRefused = error.status === 401 || error.status === 403;
    const remedy = isRefused
      ? `Run "halo login"${credential.kind === 'token' ? ', or set another HALO_TOKEN' : ''}.`
      : 'Try again in a moment.';
    const exitCode = isRefused ? exitCodes.unauthorised : exitCodes.failed;
    yield { state: 'fail', what: `${kind} is refused: ${error.message}`, remedy, exitCode };
  }
}

/** Finds out by trial runs what the credential reaches, since a token cannot look itself up. */
async function examineScope(target: Target): Promise<Finding> {
  if (target.credential?.kind === 'session')
    return { state: 'ok', what: 'It reads and writes all keys, tokens and sessions' };
  const halo = connectTo(target, { timeoutMs: answerMsMax, retries: 1 });
  const isAllowed = (trial: Promise<unknown>): Promise<boolean> =>
    trial.then(
      () => true,
      (error: unknown) => {
        if (error instanceof HaloError && error.code === 'insufficient-scope') return false;
        throw error;
      },
    );
  const reads = await isAllowed(halo.get('halo-doctor'));
  const writes = await isAllowed(halo.set('halo-doctor', '', { dryRun: true }));
  if (reads)
    return {
      state: 'ok',
      what: writes ? 'It reads and writes all keys' : 'It reads all keys and writes none',
    };
  return {
    state: 'ok',
    what: 'It reaches only keys with its prefix',
    remedy: '"halo tokens list", with a log-in, tells which.',
  };
}

function examineSpace(
  usage: { readonly keys: number; readonly bytes: number },
  limits: { readonly keys: number; readonly bytes: number },
): Finding {
  const share = Math.max(usage.keys / limits.keys, usage.bytes / limits.bytes) || 0;
  const what = `The account is ${Math.floor(share * 100)} % full`;
  if (share < 0.9) return { state: 'ok', what };
  return { state: 'warn', what, remedy: 'Delete something, or ask the operator for more.' };
}

async function ask({ url }: Target, path: string): Promise<Response | Error> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    return await namedFetch(`${url}${path}`, { signal, redirect: 'manual', cache: 'no-store' });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The deepest cause is what went wrong; those around it only say that something did. */
function reasonOf(error: Error): string {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  return message === '' ? String(code) : message;
}
