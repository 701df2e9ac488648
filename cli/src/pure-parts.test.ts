import { createHash } from 'node:crypto';
import type { AuditEvent } from 'halo-client';
import { HaloError } from 'halo-client';
import { describe, expect, test } from 'vitest';
import { checkChain, hashOf } from './audit-chain.js';
import { examineClock, examineUrl } from './doctor.js';
import { createExportCheck } from './export-check.js';
import { describeFailure } from './failure.js';
import { createKeyTree } from './key-tree.js';
import {
  instantFrom,
  metadataFrom,
  profileFrom,
  revisionFrom,
  secondsFrom,
  urlFrom,
} from './option-values.js';
import { durationText, exportProgress, importProgress, progressText, sizeText } from './progress.js';
import { colourFor } from './terminal.js';

describe('option values', () => {
  test('times', () => {
    expect(['30s', '5m', '2h', '7d'].map(secondsFrom)).toEqual([30, 300, 7_200, 604_800]);
    for (const text of ['5', '0s', '-1s', '1.5h', '1w', '', '5 m'])
      expect(() => secondsFrom(text)).toThrow(/30s/);
  });
  test('revisions, instants, metadata, URLs and profiles', () => {
    expect(revisionFrom('0')).toBe(0);
    for (const text of ['-1', '1e3', '9007199254740993', 'x', '']) expect(() => revisionFrom(text)).toThrow();
    expect(instantFrom('2030-01-31T12:00:00+01:00').toISOString()).toBe('2030-01-31T11:00:00.000Z');
    for (const text of ['2030-01-31', '2030-01-31T12:00:00', 'tomorrow'])
      expect(() => instantFrom(text)).toThrow();
    expect(metadataFrom('{"a":1}')).toEqual({ a: 1 });
    for (const text of ['[]', 'null', '1', '{', '']) expect(() => metadataFrom(text)).toThrow(/JSON object/);
    expect(urlFrom('https://halo.example/')).toBe('https://halo.example');
    for (const text of ['halo.example', 'ftp://x', 'http://x/path', 'http://a:b@x', 'http://x?q'])
      expect(() => urlFrom(text), text).toThrow(/URL/);
    for (const text of ['', '__proto__', 'a/b', 'a b']) expect(() => profileFrom(text)).toThrow();
  });
});

test('a tree names each folder once', () => {
  const grow = createKeyTree('');
  const keys = ['a', 'a/b/c', 'a/b/d', 'a/e', 'f/', 'f/g'];
  expect(keys.flatMap((key) => grow(key))).toEqual([
    'a',
    'a/',
    '  b/',
    '    c',
    '    d',
    '  e',
    'f/',
    '  (the key itself)',
    '  g',
  ]);
});

describe('an audit trail', () => {
  const trail = (count: number): AuditEvent[] => {
    const events: AuditEvent[] = [];
    for (let number = 1; number <= count; number += 1) {
      const event = {
        number,
        at: '2026-01-31T09:30:00.000Z',
        event: 'log-in',
        actor: 'owner',
        session: 's',
        subject: null,
        subject_name: null,
        device: 'ü "quoted"',
        address: null,
        previous_hash: events.at(-1)?.hash ?? '0'.repeat(64),
        hash: '',
      } as const satisfies AuditEvent;
      events.push({ ...event, hash: hashOf(event) });
    }
    return events.reverse();
  };

  test('is intact as it was written, and its hashes are what the contract says', async () => {
    const events = trail(3);
    expect(await checkChain(events, events[1]?.hash)).toMatchObject({
      first: 1,
      last: 3,
      fault: undefined,
      anchored: true,
    });
    const json = '[1,"2026-01-31T09:30:00.000Z","log-in","owner","s",null,null,"ü \\"quoted\\"",null]';
    const expected = createHash('sha256').update(Buffer.alloc(32)).update(json).digest('hex');
    expect(events.at(-1)?.hash).toBe(expected);
    expect((await checkChain(events, 'ab'.repeat(32))).anchored).toBe(false);
    expect(await checkChain([])).toMatchObject({ first: undefined, fault: undefined });
  });

  test.each([
    [
      'changed',
      (events: AuditEvent[]) => events.map((e) => (e.number === 2 ? { ...e, device: null } : e)),
      2,
    ],
    ['without one', (events: AuditEvent[]) => events.filter(({ number }) => number !== 2), 2],
    ['rewritten in part', (events: AuditEvent[]) => events.map(rewrite), 3],
    [
      'with another beginning',
      (events: AuditEvent[]) => events.filter(({ number }) => number > 1).map(renumber),
      1,
    ],
  ])('that was %s is broken there', async (_, change, number) => {
    expect((await checkChain(change(trail(4)))).fault?.number).toBe(number);
  });

  const rewrite = (event: AuditEvent): AuditEvent => {
    if (event.number !== 2) return event;
    const changed = { ...event, address: '192.0.2.1' };
    return { ...changed, hash: hashOf(changed) };
  };
  const renumber = (event: AuditEvent): AuditEvent => ({ ...event, number: event.number - 1 });
});

describe('an export', () => {
  const entries = ['{"key":"a"}\n', `{"key":"b","value":"${'x'.repeat(1_000)}"}\n`];
  const sha256 = createHash('sha256').update(entries.join('')).digest('hex');
  const whole = `{"halo":1}\n${entries.join('')}{"end":true,"keys":2,"sha256":"${sha256}"}\n`;
  const check = (text: string, size: number) => {
    const following = createExportCheck();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) following.take(bytes.subarray(at, at + size));
    return following.finish();
  };

  test('is whole however it comes in parts', () => {
    for (const size of [1, 7, 100, 10_000])
      expect(check(whole, size)).toEqual({ keys: 2, bytes: whole.length, isWhole: true });
  });
  test('that was cut off or changed is not', () => {
    expect(check(whole.slice(0, -1), 64).isWhole).toBe(false);
    expect(check(`{"halo":1}\n${entries.join('')}`, 64).isWhole).toBe(false);
    expect(check(whole.replace('"a"', '"c"'), 64).isWhole).toBe(false);
    expect(check('', 1).isWhole).toBe(false);
  });
});

test('progress tells share, speed and the time left', () => {
  const progress = { lines: 50, imported: 40, skipped: 10, failed: 1, bytes: 250, revision: 3 };
  expect(progressText(importProgress(progress, 1_000), 10_000)).toBe(
    '25 %, 40 keys, 10 skipped, 1 rejected, 5 a second, 30 s left',
  );
  expect(progressText(importProgress(progress, undefined), 10_000)).toBe(
    '40 keys, 10 skipped, 1 rejected, 5 a second',
  );
  expect(progressText(exportProgress(30, 3_000, 40), 10_000)).toBe(
    '75 %, 30 keys, 2.9 KiB, 3 a second, 4 s left',
  );
  expect(progressText(exportProgress(41, 0, 40), 0)).toBe('100 %, 41 keys, 0 bytes');
  expect([0.2, 59, 61, 3_700].map(durationText)).toEqual(['1 s', '59 s', '1 min 1 s', '1 h 1 min']);
  expect([1, 1_023, 1_024, 1_048_575, 1_610_612_736].map(sizeText)).toEqual([
    '1 byte',
    '1023 bytes',
    '1.0 KiB',
    '1.0 MiB',
    '1.5 GiB',
  ]);
});

test('doctor compares clocks and knows what is encrypted', () => {
  const now = Date.parse('2026-01-31T12:00:00Z');
  expect(examineClock('Sat, 31 Jan 2026 12:00:10 GMT', now).state).toBe('ok');
  expect(examineClock('Sat, 31 Jan 2026 11:58:00 GMT', now).what).toMatch(/120 s ahead of/);
  expect(examineClock(null, now).state).toBe('warn');
  const stateOf = (url: string) => examineUrl({ url, urlFrom: '--url' }).state;
  expect(stateOf('https://halo.example')).toBe('ok');
  expect(stateOf('http://127.0.0.1:5000')).toBe('ok');
  expect(stateOf('http://halo.example')).toBe('warn');
});

test('refusals become exit codes, with the remedy and the request id', () => {
  const failed = (code: string, status: number) => {
    const problem = { type: '', title: '', status, code, detail: '', request_id: 'r1' };
    return describeFailure(new HaloError(code, 'It is so.', { status, problem }));
  };
  expect(failed('session-ended', 401)).toEqual({
    message: 'It is so. Log in with "halo login". (request r1)',
    exitCode: 3,
  });
  expect(failed('insufficient-scope', 403)?.exitCode).toBe(3);
  expect(failed('not-found', 404)?.exitCode).toBe(4);
  expect(failed('quota-exceeded', 507)?.exitCode).toBe(1);
  const cause = new TypeError('fetch failed', {
    cause: Object.assign(new Error(''), { code: 'ECONNREFUSED' }),
  });
  expect(describeFailure(new HaloError('outcome-unknown', 'Lost.', { cause }))?.exitCode).toBe(5);
  expect(describeFailure(new HaloError('outcome-unknown', 'Lost.'))?.exitCode).toBe(1);
  expect(describeFailure(new Error('a defect'))).toBeUndefined();
});

test('colours are for terminals, and for who wants them', () => {
  const terminal = Object.assign(process.stdout, {});
  const at = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
    colourFor({ isTTY } as unknown as typeof terminal, environment)('red', 'x');
  expect(at(true, {})).toBe('\u001b[31mx\u001b[39m');
  expect([at(false, {}), at(true, { NO_COLOR: '1' }), at(true, { TERM: 'dumb' })]).toEqual(['x', 'x', 'x']);
});
