import { limits, type MutationRequest } from 'halo-contract';
import { hasCode } from '../../../../explain.js';
import { countKeys, listToChange } from '../list-requests.js';
import { commit, newIdempotencyKey } from './bulk-requests.js';
import { folderSource, selectedSource } from './bulk-sources.js';
import type { BulkTask } from './bulk-task.js';
import { type BulkWork, workAtOnce, workThrough } from './bulk-work.js';

/** What is going to happen, as the server told before anything did. */
export interface BulkPlan {
  readonly count: number;
  /** One commit for all of them, so that it cannot stop half-way. */
  readonly atOnce: boolean;
  /** The account's revision that was counted. */
  readonly revision: number;
}

const deps = { commit, newIdempotencyKey };

/**
 * Asks the server how many keys a task concerns, without changing any. `to` is where a copy or a move goes.
 * The server changes prefixes that end in a slash in one commit, up to 10,000 keys; all else is gone through.
 */
export async function planBulk(task: BulkTask, to = ''): Promise<BulkPlan> {
  if (task.kind === 'delete-selected') return { count: task.selected.size, atOnce: false, revision: 0 };
  const mutation = prefixMutation(task, to);
  if (mutation !== undefined) {
    try {
      const { results, revision } = await commit({ mutations: [mutation] }, true);
      return { count: results[0]?.count ?? 0, atOnce: true, revision };
    } catch (error) {
      if (!hasCode(error, 'too-large')) throw error;
    }
  }
  return { ...(await countKeys(task.prefix)), atOnce: false };
}

export function beginBulk(task: BulkTask, plan: BulkPlan, to = ''): BulkWork {
  if (task.kind === 'delete-selected') {
    const mutate = (key: string) => ({ delete: { key } });
    return workThrough(selectedSource(task.selected), { mutate, checked: true }, deps);
  }
  const mutation = plan.atOnce ? prefixMutation(task, to) : undefined;
  if (mutation !== undefined) return workAtOnce(mutation, deps);
  const { kind, prefix } = task;
  const mutate = (key: string): MutationRequest => {
    const target = { from: key, to: to + key.slice(prefix.length) };
    return kind === 'delete' ? { delete: { key } } : kind === 'copy' ? { copy: target } : { move: target };
  };
  const source = folderSource({ prefix, upTo: plan.revision, list: listToChange });
  return workThrough(source, { mutate, checked: false }, deps);
}

function prefixMutation(
  { kind, prefix }: Exclude<BulkTask, { kind: 'delete-selected' }>,
  to: string,
): MutationRequest | undefined {
  const slashes = prefix.endsWith('/') && (kind === 'delete' || to.endsWith('/'));
  if (!slashes) return undefined;
  if (kind === 'delete') return { delete_prefix: { prefix } };
  const target = { from: prefix, to };
  return kind === 'copy' ? { copy_prefix: target } : { move_prefix: target };
}

/** Says why a folder cannot go there, or returns undefined when it can. */
export function destinationFault(from: string, to: string, delimiter: string): string | undefined {
  if (to === '') return 'Enter where it should go.';
  if (!to.endsWith(delimiter)) return `The name of a folder ends with ${delimiter}`;
  if (to === from) return 'This is where it is now.';
  if (to.startsWith(from)) return 'A folder cannot go into itself.';
  if (from.startsWith(to)) return 'A folder cannot go into one that is around it.';
  if (to.includes('\0') || !to.isWellFormed()) return 'A key may not contain these characters.';
  if (new TextEncoder().encode(to).length > limits.keyBytesMax) return 'This is too long for a key.';
  return undefined;
}
