import { expect, test } from 'vitest';
import type { TreeRow } from './rows.js';
import { treeMove } from './tree-moves.js';

const place = { parent: undefined, position: 1, siblings: 1, name: '' };
const entry = {
  ...{ key: '', revision: 1, size: 0, content_type: '', metadata: null },
  ...{ created_at: '', updated_at: '', expires_at: null },
};
const key = (level: number): TreeRow => ({ ...place, kind: 'key', id: '', level, entry });
const group = (level: number, expanded: boolean): TreeRow => ({
  ...place,
  ...{ kind: 'group', id: '', level, expanded, group: { prefix: '', count: 1, more: false } },
});
const gap = (level: number): TreeRow => ({
  kind: 'gap',
  id: '',
  level,
  parent: undefined,
  prefix: '',
  failed: false,
});

const rows = [group(1, true), group(2, false), key(2), gap(2), key(1), gap(1)];
const press = (name: string, index: number, shiftKey = false) =>
  treeMove({ key: name, shiftKey }, rows, index, 3);

test('arrows go from row to row, over gaps, and stop at the ends', () => {
  expect([0, 1, 2, 4].map((index) => press('ArrowDown', index))).toEqual([1, 2, 4, 4]);
  expect([4, 2, 1, 0].map((index) => press('ArrowUp', index))).toEqual([2, 1, 0, 0]);
});

test('Right opens a folder and then goes into it; Left closes it or goes out of it', () => {
  expect(press('ArrowRight', 1)).toBe('expand');
  expect(press('ArrowRight', 0)).toBe(1);
  expect(press('ArrowRight', 2)).toBeUndefined();
  expect(press('ArrowLeft', 0)).toBe('collapse');
  expect(press('ArrowLeft', 1)).toBe(0);
  expect(press('ArrowLeft', 2)).toBe(0);
  expect(press('ArrowLeft', 4)).toBeUndefined();
});

test('Home, End and the page keys never land on a gap', () => {
  expect(press('End', 0)).toBe(4);
  expect(press('Home', 4)).toBe(0);
  expect(press('PageDown', 0)).toBe(2);
  expect(press('PageUp', 4)).toBe(1);
});

test('Enter and Space press a row, Shift+F10 opens its menu, and other keys do nothing', () => {
  expect([press('Enter', 2), press(' ', 2), press('F10', 2, true), press('ContextMenu', 2)]).toEqual([
    'press',
    'press',
    'menu',
    'menu',
  ]);
  expect([press('F10', 2), press('a', 2)]).toEqual([undefined, undefined]);
});
