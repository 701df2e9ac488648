import { describe, expect, test } from 'vitest';
import { createEventParser, type StreamEvent } from './event-parser.js';

/** What a stream tells when it arrives in these pieces. */
function told(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const parse = createEventParser((event) => events.push(event));
  for (const piece of pieces) parse(piece);
  return events;
}

const commit = { type: 'commit', data: '{"revision":7}', lastEventId: '7' };
const text = 'retry: 1000\nid: 6\n\n: alive\n\nid: 7\nevent: commit\ndata: {"revision":7}\n\n';
const both = [{ type: 'message', data: '', lastEventId: '6' }, commit];

describe('createEventParser', () => {
  test('tells events by name, data and id, and how far the stream is without data', () => {
    expect(told(text)).toEqual(both);
  });

  test('tells the same wherever the stream is cut, with any line ends', () => {
    for (const ends of ['\n', '\r\n', '\r']) {
      // The one character after it tells that a CR at the very end is not half of a CRLF.
      const whole = `${text.replaceAll('\n', ends)}:`;
      for (let cut = 0; cut <= whole.length; cut += 1) {
        expect(told(whole.slice(0, cut), whole.slice(cut)), `${JSON.stringify(ends)} at ${cut}`).toEqual(
          both,
        );
      }
      expect(told(...whole)).toEqual(both);
    }
  });

  test('joins lines of data, keeps colons and all but the first space of a value', () => {
    expect(told('data:  a: b\ndata\ndata:c\n\n')).toEqual([
      { type: 'message', data: ' a: b\n\nc', lastEventId: '' },
    ]);
  });

  test('an event without its blank line is not told', () => {
    expect(told('event: commit\ndata: {"revision":7}\n')).toEqual([]);
  });

  test('a name counts for one event only, an id until the next', () => {
    expect(told('id: 1\nevent: commit\ndata: a\n\ndata: b\n\n')).toEqual([
      { type: 'commit', data: 'a', lastEventId: '1' },
      { type: 'message', data: 'b', lastEventId: '1' },
    ]);
  });

  test('comments, unknown fields, a byte order mark and an id with NUL are passed over', () => {
    expect(told('\ufeffdata: a\nother: x\n: note\nid: 1\0\n\n:\n\n')).toEqual([
      { type: 'message', data: 'a', lastEventId: '' },
    ]);
  });

  test('a line that arrives in many pieces comes whole', () => {
    const long = 'x'.repeat(100_000);
    const pieces = (`data: ${long}\n\n`.match(/.{1,7}|\n/g) ?? []) as string[];
    expect(told(...pieces)).toEqual([{ type: 'message', data: long, lastEventId: '' }]);
  });
});
