import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { createHalo, type Exchange, type Halo, type HaloSession } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { exitCodes } from './failure.js';
import { profileFrom, urlFrom } from './option-values.js';
import { openProfiles, type Profile, type Profiles } from './profiles.js';
import type { Terminal } from './terminal.js';
import { version } from './version.js';

/** The options that say which Halo, and as whom. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly profile?: string;
}

/** Which Halo a command is about, and what it gets in with. */
export interface Target {
  readonly url: string;
  readonly urlFrom: '--url' | 'HALO_URL' | 'profile' | 'default';
  readonly profileName: string;
  readonly profiles: Profiles;
  readonly profile: Profile | undefined;
  /** What is sent; a profile's credentials only ever go to the profile's own URL. */
  readonly credential:
    | { readonly kind: 'token'; readonly token: string; readonly from: 'HALO_TOKEN' | 'profile' }
    | { readonly kind: 'session'; readonly session: HaloSession }
    | undefined;
}

const defaultUrl = 'http://localhost:5000';
const defaultProfile = 'default';

/** What these options stand below in help: behind those that a command has for itself. */
export const connectionHeading = 'Which Halo, and as whom:';

/** Adds `--url` and `--profile` to a command that talks to a server. */
export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--url <url>', 'where Halo is; else HALO_URL, the profile, http://localhost:5000')
        .argParser(urlFrom)
        .helpGroup(connectionHeading),
    )
    .addOption(
      new Option('--profile <name>', 'whose log-in to use; else HALO_PROFILE, "default"')
        .argParser(profileFrom)
        .helpGroup(connectionHeading),
    );
}

/** Finds out which Halo is meant, without asking it anything. */
export async function findTarget({ environment }: Terminal, options: ConnectionOptions): Promise<Target> {
  const profiles = openProfiles(environment);
  const profileName =
    options.profile ?? readSetting(environment, 'HALO_PROFILE', profileFrom) ?? defaultProfile;
  const profile = await profiles.read(profileName);
  const fromEnvironment = readSetting(environment, 'HALO_URL', urlFrom);
  const [url, from] = [
    [options.url, '--url'] as const,
    [fromEnvironment, 'HALO_URL'] as const,
    [profile?.url, 'profile'] as const,
  ].find(([candidate]) => candidate !== undefined) ?? [undefined, 'default' as const];
  const chosen = url ?? defaultUrl;
  return {
    url: chosen,
    urlFrom: from,
    profileName,
    profiles,
    profile,
    credential: credentialFor(environment, chosen, profile),
  };
}

/** Connects as whoever is logged in. Throws CommandError when nobody is. */
export async function connect(
  terminal: Terminal,
  options: ConnectionOptions,
  settings: { readonly timeoutMs?: number } = {},
): Promise<Halo> {
  const target = await findTarget(terminal, options);
  demandCredential(target);
  return connectTo(target, settings);
}

/** Connects with the target's credential, if it has one. Renewed sessions are kept in its profile. */
export function connectTo(
  target: Target,
  settings: { readonly timeoutMs?: number; retries?: number } = {},
): Halo {
  const { url, credential } = target;
  const shared = { url, fetch: namedFetch, ...settings };
  if (credential === undefined) return createHalo(shared);
  if (credential.kind === 'token') return createHalo({ ...shared, token: credential.token });
  return createHalo({
    ...shared,
    session: credential.session,
    renew: (session, exchange) => renewShared(target, session, exchange),
  });
}

/** @throws CommandError saying how to log in */
export function demandCredential({ credential, profile, profileName, url, urlFrom: from }: Target): void {
  if (credential !== undefined) return;
  const isElsewhere = profile !== undefined && profile.url !== url;
  throw new CommandError(
    isElsewhere
      ? `The profile "${profileName}" is for ${profile.url}, not for ${url} of ${from}. Log in there with "halo login --url ${url} --profile NAME", or set HALO_TOKEN.`
      : `Nobody is logged in at ${url}. Log in with "halo login", or set HALO_TOKEN.`,
    exitCodes.unauthorised,
  );
}

/**
 * Renews a session that other processes use too: whoever comes second takes what the first has kept. Using the old
 * refresh token again would look like theft to the server, and end the session.
 */
async function renewShared(
  { profiles, profileName }: Target,
  session: HaloSession,
  exchange: Exchange,
): Promise<HaloSession> {
  let renewed = session;
  await profiles.update(profileName, async (profile) => {
    const kept = profile?.session;
    // Logged out, or in as somebody else, meanwhile: this command still runs as who began it.
    const isOurs = kept !== undefined && kept.account.id === session.account.id;
    if (isOurs && kept.refreshToken !== session.refreshToken && kept.expiresAtMs > session.expiresAtMs) {
      renewed = kept;
      return profile;
    }
    renewed = await exchange(session);
    return isOurs ? { ...profile, url: profile?.url ?? '', session: renewed } : profile;
  });
  return renewed;
}

function credentialFor(
  environment: NodeJS.ProcessEnv,
  url: string,
  profile: Profile | undefined,
): Target['credential'] {
  const token = environment.HALO_TOKEN?.trim();
  if (token !== undefined && token !== '') return { kind: 'token', token, from: 'HALO_TOKEN' };
  if (profile === undefined || profile.url !== url) return undefined;
  if (profile.token !== undefined) return { kind: 'token', token: profile.token, from: 'profile' };
  return profile.session === undefined ? undefined : { kind: 'session', session: profile.session };
}

function readSetting(
  environment: NodeJS.ProcessEnv,
  name: string,
  read: (text: string) => string,
): string | undefined {
  const text = environment[name]?.trim();
  if (text === undefined || text === '') return undefined;
  try {
    return read(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new CommandError(`${name} cannot be used. ${why}`, exitCodes.usage);
  }
}

/** Sessions are listed by this name. */
const userAgent = `halo-cli/${version} (${process.platform}; ${hostname().replaceAll(/[^\x20-\x7e]|[()]/g, '?')})`;

/** The platform's fetch, as who we are. */
export const namedFetch: typeof fetch = (resource, init) => {
  const headers = new Headers(init?.headers);
  headers.set('user-agent', userAgent);
  return fetch(resource, { ...init, headers });
};
