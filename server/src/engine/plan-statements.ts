import type { QueryArrayConfig } from 'pg';
import { byteaArray, int8Array, textArray, timestampArray } from './arrays.js';
import { keyArrays } from './flight-state.js';
import type { Live, Plan, StoreChange } from './plan.js';
import {
  appendVersions,
  prepared,
  putEntries,
  putStores,
  putTrash,
  removeEntries,
  removeTrash,
} from './statements.js';

/** What writes a plan: one statement a table, none where nothing changes. */
export function planStatements({ stores }: Plan, nowMs: number): QueryArrayConfig[] {
  return [appendStatement(stores, nowMs), ...pointerStatements(stores), storesStatement(stores)];
}

function appendStatement(stores: readonly StoreChange[], nowMs: number): QueryArrayConfig {
  const accountIds = stores.flatMap(({ accountId, versions }) => versions.map(() => accountId));
  const versions = stores.flatMap((store) => store.versions);
  return prepared(appendVersions, [
    int8Array(accountIds),
    int8Array(versions.map((version) => version.revision)),
    textArray(versions.map((version) => version.key)),
    int8Array(versions.map((version) => version.previousRevision ?? null)),
    textArray(versions.map((version) => version.kind)),
    byteaArray(versions.map((version) => version.value)),
    textArray(versions.map((version) => version.contentType)),
    textArray(versions.map((version) => version.metadata)),
    timestampArray(versions.map((version) => version.createdAtMs)),
    timestampArray(versions.map((version) => version.expiresAtMs)),
    textArray(versions.map((version) => version.actor)),
    new Date(nowMs),
  ]);
}

interface LivePointer {
  readonly accountId: string;
  readonly key: string;
  readonly live: Live;
}

interface BuriedPointer {
  readonly accountId: string;
  readonly key: string;
  readonly revision: number;
}

/** Sorts the keys that changed by where they stood and where they stand now: in entries, in the trash. */
function pointerStatements(stores: readonly StoreChange[]): QueryArrayConfig[] {
  const alive: LivePointer[] = [];
  const died: BuriedPointer[] = [];
  const buried: BuriedPointer[] = [];
  const risen: LivePointer[] = [];
  for (const { accountId, pointers } of stores) {
    for (const { key, before, after } of pointers) {
      if (after.live !== undefined) {
        const pointer = { accountId, key, live: after.live };
        alive.push(pointer);
        if (before.live === undefined && before.head !== undefined) risen.push(pointer);
      } else if (after.head !== undefined) {
        const pointer = { accountId, key, revision: after.head };
        buried.push(pointer);
        if (before.live !== undefined) died.push(pointer);
      }
    }
  }
  const statements: QueryArrayConfig[] = [];
  if (alive.length > 0) statements.push(putStatement(alive));
  if (died.length > 0) statements.push(prepared(removeEntries, keyArrays(died)));
  if (buried.length > 0) {
    const revisions = int8Array(buried.map((pointer) => pointer.revision));
    statements.push(prepared(putTrash, [...keyArrays(buried), revisions]));
  }
  if (risen.length > 0) statements.push(prepared(removeTrash, keyArrays(risen)));
  return statements;
}

function putStatement(alive: readonly LivePointer[]): QueryArrayConfig {
  return prepared(putEntries, [
    ...keyArrays(alive),
    int8Array(alive.map(({ live }) => live.revision)),
    int8Array(alive.map(({ live }) => live.bytes)),
    timestampArray(alive.map(({ live }) => live.createdAtMs)),
    timestampArray(alive.map(({ live }) => live.expiresAtMs)),
  ]);
}

function storesStatement(stores: readonly StoreChange[]): QueryArrayConfig {
  return prepared(putStores, [
    int8Array(stores.map((store) => store.accountId)),
    int8Array(stores.map((store) => store.revision)),
    int8Array(stores.map((store) => store.keys)),
    int8Array(stores.map((store) => store.bytes)),
  ]);
}
