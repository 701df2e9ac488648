import { describe, expect, test } from 'vitest';
import { faultsOf } from '../database/test-citus-shapes.js';
import { accountStatements } from './account-statements.js';
import * as changes from './change-statements.js';
import { eraseStatements } from './eraser.js';
import * as history from './history-statements.js';
import * as lists from './list-statements.js';
import * as retention from './retention-statements.js';
import type { Statement } from './statements.js';
import * as hot from './statements.js';
import * as transfers from './transfer-statements.js';

/** What looks over all accounts at once; the rest concerns one each. */
const spanning: readonly Statement[] = [
  changes.readRevisions,
  changes.readLive,
  retention.findExpired,
  retention.findStores,
  retention.findOldAnswers,
  retention.findOldSessions,
];

const directed = [lists.listKeys, lists.listGroups, lists.listPast].flatMap((make) => [
  make('forward'),
  make('reverse'),
]);
const exported = [changes, history, lists, retention, transfers].flatMap((file) =>
  Object.values<unknown>(file).filter(isStatement),
);
const ofOneAccount = [
  ...accountStatements,
  hot.readValue,
  ...eraseStatements,
  ...directed,
  ...exported.filter((statement) => !spanning.includes(statement)),
];

function isStatement(thing: unknown): thing is Statement {
  return typeof thing === 'object' && thing !== null && 'name' in thing && 'text' in thing;
}

describe('what the engine sends where tables are distributed by account', () => {
  test.each(ofOneAccount)('$name keeps to one account', ({ text }) => {
    expect(faultsOf(text, 'one account')).toEqual([]);
  });

  test.each(spanning)('$name is such as may span accounts', ({ text }) => {
    expect(faultsOf(text, 'all accounts')).toEqual([]);
  });

  test('would not be what mixed flights send', () => {
    const mixed = [
      hot.readKeys,
      hot.putPlain,
      hot.lockStores,
      hot.readPointers,
      hot.appendVersions,
      hot.removeTrash,
    ];
    for (const { text } of mixed) expect(faultsOf(text, 'one account')).not.toEqual([]);
    for (const { text } of [hot.putPlain, hot.lockStores, hot.appendVersions, hot.removeTrash])
      expect(faultsOf(text, 'all accounts')).not.toEqual([]);
  });
});
