import { visibleKey } from '../../../../ui/visible-key.js';
import type { BulkTask } from './bulk-task.js';
import type { Progress } from './bulk-work.js';

/** What is said of each kind of task. */
export const bulkWords = {
  delete: { title: 'Delete folder?', verb: 'Delete', doing: 'Deleting', done: 'Deleted' },
  'delete-selected': {
    title: 'Delete the selected keys?',
    verb: 'Delete',
    doing: 'Deleting',
    done: 'Deleted',
  },
  copy: { title: 'Copy folder', verb: 'Copy', doing: 'Copying', done: 'Copied' },
  move: { title: 'Move folder', verb: 'Move', doing: 'Moving', done: 'Moved' },
} as const satisfies Record<BulkTask['kind'], object>;

export function keysText(count: number): string {
  return count === 1 ? '1 key' : `${count.toLocaleString()} keys`;
}

/** Says how far a task came, honestly: `Deleted 500 of 1,200 keys; 700 are left.` */
export function partText(kind: BulkTask['kind'], { changed, spared }: Progress, total: number): string {
  const left = Math.max(0, total - changed - spared);
  const rest = left === 0 ? 'none is left' : left === 1 ? '1 is left' : `${left.toLocaleString()} are left`;
  return `${bulkWords[kind].done} ${changed.toLocaleString()} of ${keysText(total)}; ${rest}.`;
}

/** Says what was left alone; empty when nothing was. */
export function sparedText({ spared }: Progress): string {
  if (spared === 0) return '';
  return `${keysText(spared)} changed meanwhile and ${spared === 1 ? 'was' : 'were'} left alone.`;
}

export function placeText(task: BulkTask): string {
  return task.kind === 'delete-selected' ? '' : visibleKey(task.prefix);
}
