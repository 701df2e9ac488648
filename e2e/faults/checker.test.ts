import type { Change } from 'halo-contract';
import { expect, test } from 'vitest';
import { judge, type Stored, type Verdict } from './checker.js';
import type { Recording, Write } from './recording.js';

/** Three commits, one after another, two of them counting; the last was answered at its second try. */
const writes: readonly Write[] = [
  writeOf('w.1', ['a'], 1, undefined),
  writeOf('w.2', ['a', 'b'], 2, '1'),
  { ...writeOf('w.3', ['b'], 3, '2'), outcomes: ['outcome-unknown', 'done'], replays: [3] },
];
const log: readonly Change[] = [
  changeOf(1, 'a', 'w.1'),
  changeOf(2, 'a', 'w.2'),
  changeOf(2, 'b', 'w.2'),
  changeOf(2, 'count w', '1'),
  changeOf(3, 'b', 'w.3'),
  changeOf(3, 'count w', '2'),
];
const recording: Recording = {
  attempts: [],
  writes: [...writes],
  reads: [
    readAt(15, 16, 1, { a: 1 }),
    readAt(35, 36, 3, { a: 2, b: 3 }),
    { startedMs: 37, endedMs: 38, told: { kind: 'get', key: 'b', seen: { revision: 3, value: 'w.3' } } },
  ],
  told: [1, 2, 3].map((revision) => ({
    revision,
    keys: log.filter((change) => change.revision === revision).map(({ key }) => key),
  })),
};
const stored: Stored = {
  log,
  revision: 3,
  values: new Map([
    ['a', { revision: 2, value: 'w.2' }],
    ['b', { revision: 3, value: 'w.3' }],
    ['count w', { revision: 3, value: '2' }],
  ]),
  histories: new Map([
    ['a', [1, 2]],
    ['b', [2, 3]],
    ['count w', [2, 3]],
  ]),
};

test('a true recording is found faultless', () => {
  expect(judge(recording, stored)).toEqual({
    acknowledged: 3,
    lost: [],
    duplicates: [],
    wrong: [],
    unknown: 1,
  });
});

type Kind = keyof Pick<Verdict, 'lost' | 'duplicates' | 'wrong'>;
type Spoiled = readonly [what: string, kind: Kind, recording: Partial<Recording>, stored: Partial<Stored>];

const open = { ...writeOf('w.4', ['a'], 4, undefined), told: undefined };
const fourth = [...log, changeOf(4, 'a', 'w.4')];

const spoiled: readonly Spoiled[] = [
  ['an acknowledged commit that is gone', 'lost', {}, { log: log.filter(({ revision }) => revision !== 3) }],
  ['the first commit gone', 'lost', {}, { log: log.filter(({ revision }) => revision !== 1) }],
  [
    'a commit stored under a revision other than acknowledged',
    'lost',
    {},
    { log: log.map((change) => (change.revision === 3 ? { ...change, revision: 4 } : change)) },
  ],
  ['a commit stored twice', 'duplicates', {}, { log: [...log, changeOf(4, 'b', 'w.3')] }],
  [
    'a retry answered with another revision',
    'duplicates',
    { writes: writes.map((write) => ({ ...write, replays: write.replays.map((one) => one + 1) })) },
    {},
  ],
  [
    'a revision told to two writers',
    'duplicates',
    { writes: [...writes, writeOf('w.5', ['a'], 3, undefined)] },
    {},
  ],
  [
    'a number counted twice by one commit',
    'duplicates',
    {},
    { log: log.map((change) => (change.value === '2' ? { ...change, value: '3' } : change)) },
  ],
  ['a commit that nobody asked for', 'wrong', {}, { log: fourth }],
  ['a commit stored in part', 'wrong', {}, { log: log.filter((_, index) => index !== 2) }],
  [
    'a commit made although it was refused',
    'wrong',
    {
      writes: [
        ...writes,
        { ...open, outcomes: ['refused'], told: { kind: 'refused', key: 'a', checked: 1, current: 2 } },
      ],
    },
    { log: fourth },
  ],
  [
    'a commit made although nothing was available',
    'wrong',
    { writes: [...writes, { ...open, outcomes: ['unavailable'] }] },
    { log: fourth },
  ],
  [
    'an answer that no fault excuses',
    'wrong',
    {
      attempts: [{ client: 'w', startedMs: 1, endedMs: 2, outcome: 'unexpected', detail: '500' }],
    },
    {},
  ],
  ['a read of a value nobody wrote', 'wrong', { reads: [readOfA(35, 'w.9', 2)] }, {}],
  ['a read that missed what was acknowledged', 'wrong', { reads: [readAt(35, 36, 1, { a: 1 })] }, {}],
  [
    'reads that go back',
    'wrong',
    {
      writes: [
        ...writes.slice(0, 2),
        { ...open, id: 'w.3', keys: ['b'], counter: 'count w', outcomes: ['no-answer'] },
      ],
      reads: [readAt(31, 32, 3, { a: 2, b: 3 }), readAt(33, 34, 2, { a: 2, b: 2 })],
    },
    {},
  ],
  ['an account ahead of its log', 'wrong', {}, { revision: 4 }],
  ['a value other than the last of the log', 'wrong', {}, { values: new Map([...stored.values].slice(1)) }],
  [
    'a history without its first version',
    'wrong',
    {},
    { histories: new Map([...stored.histories, ['a', [2]]]) },
  ],
  [
    'a feed that missed a commit',
    'wrong',
    { told: recording.told.filter(({ revision }) => revision !== 2) },
    {},
  ],
  [
    'a feed that told a commit twice',
    'wrong',
    { told: [...recording.told.slice(0, 2), ...recording.told.slice(1)] },
    {},
  ],
];

test.each(spoiled)('%s is found, as %s', (_, kind, badRecording, badStored) => {
  expect(judge({ ...recording, ...badRecording }, { ...stored, ...badStored })[kind]).not.toEqual([]);
});

test.each([['outcome-unknown'], ['no-answer']] as const)(
  'a write that ended with %s may be stored or not',
  (outcome) => {
    const writesAll = [...writes, { ...open, outcomes: [outcome] }];
    const faultless = { lost: [], duplicates: [], wrong: [], unknown: 2 };
    expect(judge({ ...recording, writes: writesAll }, stored)).toMatchObject(faultless);
    const after: Stored = {
      log: fourth,
      revision: 4,
      values: new Map([...stored.values, ['a', { revision: 4, value: 'w.4' }]]),
      histories: new Map([...stored.histories, ['a', [1, 2, 4]]]),
    };
    const told = [...recording.told, { revision: 4, keys: ['a'] }];
    expect(judge({ ...recording, writes: writesAll, told }, after)).toMatchObject(faultless);
  },
);

/** The commit of a revision takes from ten times that, in milliseconds, for two. */
function writeOf(id: string, keys: readonly string[], revision: number, count: string | undefined): Write {
  return {
    id,
    keys,
    counter: count === undefined ? undefined : 'count w',
    startedMs: revision * 10,
    outcomes: ['done'],
    told: { kind: 'acknowledged', revision, count: count ?? '', endedMs: revision * 10 + 2 },
    replays: [],
  };
}

function changeOf(revision: number, key: string, value: string): Change {
  const written_at = '2026-01-01T00:00:00.000Z';
  return {
    revision,
    key,
    kind: 'set',
    size: value.length,
    content_type: null,
    expires_at: null,
    written_at,
    value,
  };
}

/** A snapshot in which keys stand as their commits of those revisions left them. */
function readAt(startedMs: number, endedMs: number, revision: number, keys: Record<string, number>) {
  const values = new Map(
    Object.entries(keys).map(([key, at]) => [key, { revision: at, value: `w.${at}` }] as const),
  );
  return { startedMs, endedMs, told: { kind: 'read' as const, revision, values } };
}

function readOfA(startedMs: number, value: string, revision: number) {
  const told = { kind: 'get' as const, key: 'a', seen: { revision, value } };
  return { startedMs, endedMs: startedMs + 1, told };
}
