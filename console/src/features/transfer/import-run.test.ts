import { HaloError } from 'halo-client';
import { describe, expect, test } from 'vitest';
import type { ImportAnswer } from './import-progress.js';
import { type ConflictRule, type ImportRun, type PartRequest, startImport } from './import-run.js';
import { linesIn } from './line-blocks.js';

/** A store of keys that takes parts as the server does. */
function createStore(existing: readonly string[] = []) {
  const store = {
    keys: new Set(existing),
    revision: 5,
    parts: [] as { readonly lines: number; readonly rule: ConflictRule }[],
    /** Called before each part; may throw or tell how the answer is to break off. */
    before: (_part: PartRequest): 'break-off' | undefined => undefined,
    async *send(part: PartRequest): AsyncGenerator<ImportAnswer> {
      const lines = [...linesIn(part.bytes)].map((line) => new TextDecoder().decode(line));
      store.parts.push({ lines: lines.length, rule: part.rule });
      const trouble = store.before(part);
      const counts = { lines: 0, imported: 0, skipped: 0, failed: 0, bytes: 0 };
      const end = (error?: { line: number; code: string; detail: string }): ImportAnswer => {
        if (counts.imported > 0 && !part.dryRun) store.revision += 1;
        const stopped = error === undefined ? { done: true } : { done: false, error };
        return { ...stopped, ...counts, revision: store.revision, sha256_ok: null };
      };
      for (const [index, key] of lines.entries()) {
        const line = index + 1;
        if (key === '') continue;
        if (key === 'bad') {
          counts.failed += 1;
          yield { error: { line, code: 'invalid-request', detail: 'Bad.' } };
        } else if (key === 'last straw') {
          yield end({ line, code: 'quota-exceeded', detail: 'Full.' });
          return;
        } else if (store.keys.has(key) && part.rule !== 'replace') {
          if (part.rule === 'fail') {
            yield end({ line, code: 'precondition-failed', detail: 'The key exists already.' });
            return;
          }
          counts.skipped += 1;
        } else {
          counts.imported += 1;
          if (!part.dryRun) store.keys.add(key);
        }
        counts.lines = line;
      }
      const last = end();
      if (trouble === undefined) yield last;
    },
  };
  return store;
}

type Store = ReturnType<typeof createStore>;

interface Started {
  readonly run: ImportRun;
  /** Resolves when the import is in that stage. */
  until(status: ImportRun['stage']['status']): Promise<void>;
}

function start(store: Store, lines: readonly string[], rule: ConflictRule = 'skip', dryRun = false): Started {
  let changed = () => {};
  const run = startImport({
    file: new Blob([lines.join('\n')]),
    rule,
    dryRun,
    revision: store.revision,
    send: store.send,
    readRevision: async () => store.revision,
    onChange: () => changed(),
  });
  return {
    run,
    until: (status) =>
      new Promise((resolve) => {
        changed = () => run.stage.status === status && resolve();
        changed();
      }),
  };
}

function problem(status: number, code: string, retryAfterMs?: number): HaloError {
  return new HaloError(code, '', { status, retryAfterMs });
}

const many = Array.from({ length: 40_000 }, (_, index) => `key-${index}`);

describe('an import', () => {
  test('takes a file to its end, in several parts', async () => {
    const store = createStore(['key-7', 'key-8']);
    const { run, until } = start(store, [...many, 'bad', '', '']);
    await until('done');
    expect(store.parts.length).toBeGreaterThan(1);
    expect(store.keys.size).toBe(40_000);
    expect(run.counts).toMatchObject({ imported: 39_998, skipped: 2, failed: 1, revision: store.revision });
    expect(run.faults.all).toEqual([{ line: 40_001, code: 'invalid-request', reason: 'Bad.', text: 'bad' }]);
    expect(run.stage).toEqual({ status: 'done', verdict: 'unmarked' });
  });

  test('of nothing is done at once, and empty lines are nothing', async () => {
    for (const lines of [[''], ['', '', '']]) {
      const { run, until } = start(createStore(), lines);
      await until('done');
      expect(run.counts.imported).toBe(0);
    }
  });

  test('stops at a key that exists, and names the line of the file', async () => {
    const store = createStore(['key-30000']);
    const { run, until } = start(store, many, 'fail');
    await until('stopped');
    expect(run.stage).toMatchObject({ error: { line: 30_001, code: 'precondition-failed' } });
    expect(run.counts).toMatchObject({ imported: 30_000, lines: 30_000 });
    expect(store.keys.has('key-30001')).toBe(false);
  });

  test('stops when the account is full', async () => {
    const { run, until } = start(createStore(), ['a', 'b', 'last straw', 'c']);
    await until('stopped');
    expect(run.stage).toMatchObject({ error: { line: 3, code: 'quota-exceeded' } });
    expect(run.counts).toMatchObject({ imported: 2, lines: 2 });
  });

  test('sends less at once to a server that does not take so much', async () => {
    const store = createStore();
    store.before = ({ bytes }) => {
      if (bytes.length > 10_000) throw problem(413, 'too-large');
      return undefined;
    };
    const { run, until } = start(store, [...many.slice(0, 5_000), 'x'.repeat(20_000), 'end']);
    await until('done');
    expect(run.counts).toMatchObject({ imported: 5_001, failed: 1, lines: 5_002 });
    expect(run.faults.all).toMatchObject([{ line: 5_001, code: 'too-large' }]);
  });

  test('waits when it is asked to, and goes on by itself', async () => {
    const store = createStore();
    let refusals = 2;
    store.before = () => {
      refusals -= 1;
      if (refusals >= 0) throw problem(429, 'rate-limited', 1);
      return undefined;
    };
    const { run, until } = start(store, ['a', 'b']);
    await until('done');
    expect(store.parts).toHaveLength(3);
    expect(run.counts.imported).toBe(2);
  });

  test('pauses without a connection, and sends the same again if nothing had arrived', async () => {
    const store = createStore();
    store.before = () => {
      throw new HaloError('outcome-unknown', 'No answer.');
    };
    const { run, until } = start(store, ['a', 'b'], 'fail');
    await until('paused');
    store.before = () => undefined;
    run.resume();
    await until('done');
    expect(run.counts).toMatchObject({ imported: 2, skipped: 0 });
    expect(run.resent).toEqual([]);
  });

  test('does not take its own keys for a conflict when only the answer was lost', async () => {
    const store = createStore();
    store.before = () => 'break-off';
    const { run, until } = start(store, ['a', 'b', 'c'], 'fail');
    await until('paused');
    expect(store.keys.size).toBe(3);
    store.before = () => undefined;
    run.resume();
    await until('done');
    expect(store.parts.map(({ rule }) => rule)).toEqual(['fail', 'skip']);
    expect(run.counts).toMatchObject({ imported: 0, skipped: 3 });
    expect(run.resent).toEqual([{ first: 1, last: 3 }]);
  });

  test('stops between two parts when it is cancelled, and knows what was done', async () => {
    const store = createStore();
    const { run, until } = start(store, many);
    store.before = () => {
      run.cancel();
      return undefined;
    };
    await until('stopped');
    expect(run.stage).toEqual({ status: 'stopped' });
    expect(run.counts.imported).toBe(store.keys.size);
    expect(run.counts.lines).toBe(store.keys.size);
    expect(store.parts).toHaveLength(1);
  });

  test('says what is not known when it is stopped at once', async () => {
    const store = createStore();
    const { run, until } = start(store, ['a', 'b']);
    store.before = () => {
      run.cancel(true);
      throw new DOMException('Aborted.', 'AbortError');
    };
    await until('stopped');
    expect(run.stage).toEqual({ status: 'stopped', unknown: { first: 1, last: 2 } });
  });

  test('says what is not known when it is cancelled after its answer was lost', async () => {
    const store = createStore();
    store.before = () => 'break-off';
    const { run, until } = start(store, ['a', 'b', 'c']);
    await until('paused');
    run.cancel();
    await until('stopped');
    expect(run.stage).toEqual({ status: 'stopped', unknown: { first: 1, last: 3 } });
  });

  test('that only tries changes nothing', async () => {
    const store = createStore(['a']);
    const { run, until } = start(store, ['a', 'b', 'bad'], 'skip', true);
    await until('done');
    expect(run.counts).toMatchObject({ imported: 1, skipped: 1, failed: 1, revision: 5 });
    expect([...store.keys]).toEqual(['a']);
  });
});
