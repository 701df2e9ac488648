import { randomBytes } from 'node:crypto';
import { limits, utf8Bytes } from 'halo-contract';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Credential } from '../../../database/live-session.js';
import type { Check, Mutation } from '../../../engine/commit.js';
import type { Engine } from '../../../engine/engine.js';
import type { Accepted } from '../../../engine/plan.js';
import { HaloError } from '../../../errors.js';
import { deletedKeysMax, deleteKeys } from '../delete-keys.js';
import { KvRefusal, namespaceNotFound } from './refusal.js';

/**
 * A namespace is the folder `kv/{id}/`. The key that is the folder's name alone is its record, a JSON object with the
 * title: no key of Workers KV is empty, and an API token for the folder reaches the record too. `kv/` is a number that
 * every change of titles adds to and checks, so that of two namespaces with one title only one comes about.
 */
export interface Namespace {
  readonly id: string;
  readonly title: string;
  readonly revision: number;
}

/** Who asks. */
export interface Asking {
  readonly engine: Engine;
  readonly credential: Credential;
}

const root = 'kv/';
/** Ids made here have 32 hexadecimal digits; a folder that was made by other means may have a plainer name. */
const idForm = /^[A-Za-z0-9_-]{1,64}$/;
const titleBytesMax = 512;
/** As in Workers KV. */
const namespacesMax = 1_000;
/** Folders below `kv/` that are looked at, whether or not they are namespaces. */
const foldersMax = 10 * limits.listMax;
/** Each is due to somebody else's change in between. */
const triesMax = 5;
const titleRecord = Compile(Type.Object({ title: Type.String() }));

/** Whether there could be such a namespace; nothing else may be made part of a key. */
export function isNamespaceId(id: string): boolean {
  return idForm.test(id);
}

export function folderOf({ id }: Pick<Namespace, 'id'>): string {
  return `${root}${id}/`;
}

/** @throws HaloError with number 10013 */
export async function findNamespace({ engine, credential }: Asking, id: string): Promise<Namespace> {
  const record = await engine.get(credential, folderOf({ id }));
  if (record === undefined) throw namespaceNotFound();
  return { id, title: titleOf(record.value) ?? id, revision: record.revision };
}

/**
 * Commits to a namespace, which must be there when that happens: nothing is left behind below one that is deleted
 * meanwhile.
 */
export async function commitTo(
  asking: Asking,
  id: string,
  mutations: readonly Mutation[],
): Promise<Accepted> {
  return retried(async () => {
    const { revision } = await findNamespace(asking, id);
    return commit(asking, [{ key: folderOf({ id }), revision }], mutations);
  });
}

/** All namespaces that the credential reaches, by id. */
export async function listNamespaces({ engine, credential }: Asking): Promise<Namespace[]> {
  const ids = await listIds({ engine, credential });
  const found: Namespace[] = [];
  for (let from = 0; from < ids.length; from += limits.readKeysMax) {
    const some = ids.slice(from, from + limits.readKeysMax);
    const { entries } = await engine.read(
      credential,
      some.map((id) => folderOf({ id })),
    );
    for (const [index, id] of some.entries()) {
      const record = entries[index];
      if (record === undefined) continue;
      found.push({ id, title: titleOf(record.value) ?? id, revision: record.revision });
    }
  }
  return found;
}

async function listIds({ engine, credential }: Asking): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await engine.list(credential, {
      prefix: root,
      start: undefined,
      end: undefined,
      delimiter: '/',
      reverse: false,
      limit: limits.listMax,
      cursor,
      values: false,
      count: false,
      at: undefined,
    });
    ids.push(...page.groups.map(({ name }) => name.slice(root.length, -1)).filter(isNamespaceId));
    cursor = page.cursor;
  } while (cursor !== undefined && ids.length < foldersMax);
  return ids;
}

/** @throws HaloError with number 10014 for a title that another namespace has */
export async function createNamespace(asking: Asking, title: unknown): Promise<Namespace> {
  const wanted = checkTitle(title);
  const id = randomBytes(16).toString('hex');
  return retried(async () => {
    const edition = await editionOf(asking);
    const others = await listNamespaces(asking);
    demandFree(wanted, others);
    if (others.length >= namespacesMax) {
      throw new KvRefusal('quota-exceeded', 403, `An account may have ${namespacesMax} namespaces.`, 403);
    }
    const { revision } = await commit(asking, [edition], [nextEdition, setTitle(id, wanted)]);
    return { id, title: wanted, revision };
  });
}

/** @throws HaloError with number 10013 or 10014 */
export async function renameNamespace(asking: Asking, id: string, title: unknown): Promise<Namespace> {
  const wanted = checkTitle(title);
  return retried(async () => {
    const edition = await editionOf(asking);
    const { revision } = await findNamespace(asking, id);
    demandFree(
      wanted,
      (await listNamespaces(asking)).filter((other) => other.id !== id),
    );
    const checks = [edition, { key: folderOf({ id }), revision }];
    const renamed = await commit(asking, checks, [nextEdition, setTitle(id, wanted)]);
    return { id, title: wanted, revision: renamed.revision };
  });
}

/** Deletes a namespace with all its keys: in one commit, unless there are more than a commit takes. */
export async function deleteNamespace(asking: Asking, id: string): Promise<void> {
  const folder = folderOf({ id });
  for (;;) {
    try {
      await commitTo(asking, id, [{ kind: 'delete_prefix', prefix: folder }]);
      return;
    } catch (error) {
      if (!(error instanceof HaloError) || error.code !== 'too-large') throw error;
    }
    for (let deleted = 0; deleted < limits.prefixKeysMax; deleted += deletedKeysMax) {
      await deletePage(asking, id);
    }
  }
}

async function deletePage(asking: Asking, id: string): Promise<void> {
  const folder = folderOf({ id });
  const { entries } = await asking.engine.list(asking.credential, {
    prefix: folder,
    start: firstKeyIn(folder),
    end: undefined,
    delimiter: undefined,
    reverse: false,
    limit: deletedKeysMax,
    cursor: undefined,
    values: false,
    count: false,
    at: undefined,
  });
  if (entries.length === 0) return;
  await commitTo(asking, id, deleteKeys(entries.map(({ key }) => key)));
}

/** Where a namespace's keys begin: behind its record. */
export function firstKeyIn(folder: string): string {
  return `${folder}\u0001`;
}

const nextEdition: Mutation = { kind: 'add', key: root, operand: 1n };

async function editionOf({ engine, credential }: Asking): Promise<Check> {
  const edition = await engine.get(credential, root);
  return { key: root, revision: edition?.revision ?? 0 };
}

function setTitle(id: string, title: string): Mutation {
  return {
    kind: 'set',
    key: folderOf({ id }),
    value: Buffer.from(JSON.stringify({ title })),
    contentType: 'application/json',
    metadata: null,
    expiry: 'never',
    condition: undefined,
  };
}

/** The title in a record; undefined for what is no record of ours, which is a namespace all the same. */
function titleOf(value: Buffer | undefined): string | undefined {
  try {
    const record: unknown = JSON.parse(value?.toString() ?? '');
    return titleRecord.Check(record) ? record.title : undefined;
  } catch {
    return undefined;
  }
}

function checkTitle(title: unknown): string {
  const isText = typeof title === 'string' && title !== '' && !title.includes('\0') && title.isWellFormed();
  if (isText && utf8Bytes(title) <= titleBytesMax) return title;
  throw new HaloError('invalid-request', `title is a text of 1 to ${titleBytesMax} bytes.`);
}

function demandFree(title: string, others: readonly Namespace[]): void {
  if (!others.some((other) => other.title === title)) return;
  throw new KvRefusal('invalid-request', 10014, 'a namespace with this account ID and title already exists');
}

async function commit(
  { engine, credential }: Asking,
  checks: readonly Check[],
  mutations: readonly Mutation[],
): Promise<Accepted> {
  return engine.commit(credential, { checks, mutations, dryRun: false, idempotency: undefined });
}

/** Does it again when a check has failed, since somebody came between. */
async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isRace = error instanceof HaloError && error.code === 'check-failed';
      if (!isRace || tries === triesMax) throw error;
    }
  }
}
