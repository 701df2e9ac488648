import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventsOf, type ServerSentEvent } from './event-source.js';
import { streamOf } from './test-stream.js';

async function read(text: string, sizes: Iterator<number> = [].values()) {
  const events: ServerSentEvent[] = [];
  const ids: string[] = [];
  for await (const event of eventsOf(streamOf(text, sizes), { onId: (id) => ids.push(id) })) {
    events.push(event);
  }
  return { events, ids };
}

const word = fc.stringMatching(/^[a-zäß🙂 ]{0,8}$/u);
const sent = fc.record({ event: word, data: fc.array(word, { minLength: 1, maxLength: 3 }), id: word });

test('what is sent is read, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      async (all, sizes) => {
        const text = all
          .map(({ event, data, id }) => {
            const lines = data.map((line) => `data: ${line}\n`).join('');
            return `: a heartbeat\n\nid: ${id}\nevent: ${event}\n${lines}\n`;
          })
          .join('');
        const { events } = await read(text, sizes);
        expect(events).toEqual(
          all.map(({ event, data, id }) => ({
            event: event === '' ? 'message' : event,
            data: data.join('\n'),
            id,
          })),
        );
      },
    ),
  );
});

describe('as the standard has it', () => {
  test.each<[string, string, Partial<ServerSentEvent>[]]>([
    ['one space after the colon is not part of the value', 'data:  a\n\n', [{ data: ' a' }]],
    ['no space is needed', 'data:a\n\n', [{ data: 'a' }]],
    ['a field without a colon has no value', 'data\n\n', [{ data: '' }]],
    ['further colons belong to the value', 'data: {"a":1}\n\n', [{ data: '{"a":1}' }]],
    ['an event without data is none', 'event: commit\n\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
    ['an id stays until there is another', 'id: 1\ndata: a\n\ndata: b\n\n', [{ id: '1' }, { id: '1' }]],
    ['an id with NUL is left out', 'id: 1\0\ndata: a\n\n', [{ id: undefined }]],
    ['unknown fields are left out', 'retry: 5\nother: 1\ndata: a\n\n', [{ data: 'a' }]],
    ['an event that breaks off never was', 'data: a\n\ndata: b\n', [{ data: 'a' }]],
    ['CR and CRLF end lines too', 'data: a\r\rdata: b\r\n\r\n', [{ data: 'a' }, { data: 'b' }]],
  ])('%s', async (_, text, expected) => {
    const { events } = await read(text);
    expect(events).toHaveLength(expected.length);
    expect(events).toMatchObject(expected);
  });
});

test('an id without data is told where it stands, and is no event', async () => {
  expect(await read('id: 7\n\nid: 8\ndata: a\n\n: heartbeat\n\n')).toEqual({
    events: [{ event: 'message', data: 'a', id: '8' }],
    ids: ['7', '8'],
  });
});
