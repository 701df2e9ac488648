import { expect, test } from 'vitest';
import { acceptedOf } from './accept.js';

const json = 'application/json';
const events = 'text/event-stream';

test.for([
  [undefined, json],
  ['', json],
  ['*/*', json],
  ['application/json', json],
  ['APPLICATION/JSON; charset=utf-8', json],
  ['application/*', json],
  ['text/event-stream', events],
  ['Text/Event-Stream;q=0.5', events],
  ['text/*', events],
  ['text/event-stream, */*', events],
  ['application/json, text/event-stream', events],
  ['text/event-stream, application/json', events],
  ['text/event-stream;q=0.5, application/json', json],
  ['text/event-stream;q=0.5, */*', json],
  ['text/event-stream;q=0, */*', json],
  ['application/json;q=0, */*', events],
  ['text/html, application/xhtml+xml, */*;q=0.8', json],
  ['text/html', undefined],
  ['application/json;q=0', undefined],
  ['*/*;q=0', undefined],
  ['nonsense', undefined],
  ['nonsense, text/event-stream', events],
] as const)('Accept: %s is answered with %s', ([accept, answered]) => {
  expect(acceptedOf(accept, [json, events])).toBe(answered);
});
