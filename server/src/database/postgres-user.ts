import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '../errors.js';

/** The operating system's user that PostgreSQL runs as when Halo runs as root. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whom root becomes for a new cluster: PostgreSQL's own user where there is one, else the powerless one. */
const NEW_CLUSTER_USERS = ['postgres', 'nobody'];

/**
 * Returns the user to run PostgreSQL as, which refuses to run as root; undefined means the user of this
 * process. An existing cluster is served as its owner. Throws StartError if there is no such user.
 */
export async function choosePostgresUser(existingCluster: string | undefined): Promise<OsUser | undefined> {
  const self = process.getuid?.();
  const owner = existingCluster === undefined ? undefined : await stat(existingCluster);
  if (self !== 0) {
    if (owner === undefined || owner.uid === self) return undefined;
    throw new StartError(
      `${existingCluster} belongs to the user with id ${owner.uid}, and Halo runs as ${self}. ` +
        'Start Halo as its owner or as root.',
    );
  }
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  if (owner !== undefined && owner.uid !== 0) {
    const known = users.find((user) => user.uid === owner.uid);
    return known ?? { name: String(owner.uid), uid: owner.uid, gid: owner.gid };
  }
  if (owner !== undefined) {
    throw new StartError(
      `${existingCluster} belongs to root, and PostgreSQL refuses to run as root. ` +
        `Give it to another user, for instance with "chown -R nobody ${existingCluster}".`,
    );
  }
  for (const name of NEW_CLUSTER_USERS) {
    const user = users.find((candidate) => candidate.name === name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  throw new StartError(
    'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it as. ' +
      'Start Halo as an ordinary user, or set DATABASE_URL.',
  );
}

function parsePasswd(text: string): OsUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || !uid || !gid) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

const PERMISSION_BITS = { read: 4, enter: 1 } as const;

/** Whether file modes let `user` enter every directory above `path`, which is real, and read or enter it. */
export async function mayReach(
  path: string,
  user: OsUser,
  permission: keyof typeof PERMISSION_BITS,
): Promise<boolean> {
  if (!grants(await stat(path), user, PERMISSION_BITS[permission])) return false;
  for (let below = path; below !== dirname(below); below = dirname(below)) {
    if (!grants(await stat(dirname(below)), user, PERMISSION_BITS.enter)) return false;
  }
  return true;
}

function grants(file: Stats, user: OsUser, bit: number): boolean {
  if (file.uid === user.uid) return (file.mode & (bit << 6)) !== 0;
  if (file.gid === user.gid) return (file.mode & (bit << 3)) !== 0;
  return (file.mode & bit) !== 0;
}
