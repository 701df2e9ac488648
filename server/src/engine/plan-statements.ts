import type { QueryArrayConfig } from 'pg';
import { byteaArray, int8Array, textArray, timestampArray } from './arrays.js';
import type { Version } from './draft.js';
import { keyArrays } from './flight-questions.js';
import type { Plan, StoreChange } from './plan.js';
import type { Live, NewContent, StoredContent } from './state.js';
import {
  appendCopies,
  appendVersions,
  prepared,
  putAnswers,
  putEntries,
  putStores,
  putTrash,
  removeEntries,
  removeTrash,
} from './statements.js';

/** What writes a plan: one statement a table, none where nothing changes. */
export function planStatements({ stores }: Plan, nowMs: number): QueryArrayConfig[] {
  return [
    ...appendStatements(stores, nowMs),
    ...pointerStatements(stores),
    storesStatement(stores),
    ...answerStatements(stores, nowMs),
  ];
}

type AccountVersion = Version & { readonly accountId: string };

/** New content travels with its version; stored content is copied where it is. */
function appendStatements(stores: readonly StoreChange[], nowMs: number): QueryArrayConfig[] {
  const carried: AccountVersion[] = [];
  const copied: (AccountVersion & { readonly from: StoredContent })[] = [];
  for (const { accountId, versions } of stores) {
    for (const version of versions) {
      const content = version.live?.content;
      if (content !== undefined && 'short' in content) copied.push({ ...version, accountId, from: content });
      else carried.push({ ...version, accountId });
    }
  }
  const statements: QueryArrayConfig[] = [];
  if (carried.length > 0) statements.push(carryStatement(carried, nowMs));
  if (copied.length > 0) {
    const values = [
      ...chainArrays(copied),
      ...lifeArrays(copied),
      int8Array(copied.map(({ from }) => from.revision)),
      textArray(copied.map(({ from }) => from.key)),
      new Date(nowMs),
    ];
    statements.push(prepared(appendCopies, values));
  }
  return statements;
}

function carryStatement(versions: readonly AccountVersion[], nowMs: number): QueryArrayConfig {
  const contents = versions.map(({ live }) =>
    live === undefined ? undefined : (live.content as NewContent),
  );
  return prepared(appendVersions, [
    ...chainArrays(versions),
    byteaArray(contents.map((content) => content?.value ?? null)),
    textArray(contents.map((content) => content?.contentType ?? null)),
    textArray(contents.map((content) => content?.metadata ?? null)),
    ...lifeArrays(versions),
    new Date(nowMs),
  ]);
}

function chainArrays(versions: readonly AccountVersion[]): Buffer[] {
  return [
    int8Array(versions.map((version) => version.accountId)),
    int8Array(versions.map((version) => version.revision)),
    textArray(versions.map((version) => version.key)),
    int8Array(versions.map((version) => version.previousRevision ?? null)),
    textArray(versions.map((version) => version.kind)),
  ];
}

function lifeArrays(versions: readonly AccountVersion[]): Buffer[] {
  return [
    timestampArray(versions.map(({ live }) => live?.createdAtMs ?? null)),
    timestampArray(versions.map(({ live }) => live?.expiresAtMs ?? null)),
    textArray(versions.map((version) => version.actor)),
  ];
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

function answerStatements(stores: readonly StoreChange[], nowMs: number): QueryArrayConfig[] {
  const given = stores.flatMap(({ accountId, answers }) =>
    answers.map((answer) => ({ accountId, ...answer })),
  );
  if (given.length === 0) return [];
  const values = [
    ...keyArrays(given),
    byteaArray(given.map(({ hash }) => hash)),
    textArray(given.map(({ answer }) => answer)),
    new Date(nowMs),
  ];
  return [prepared(putAnswers, values)];
}
