import { expect, test } from 'vitest';
import { viewersOf } from './viewers.js';

test.each([
  ['application/json', true, 'json'],
  ['application/ld+json; charset=utf-8', true, 'json'],
  ['application/json', false, 'hex'],
  ['text/plain', true, 'text'],
  ['application/octet-stream', true, 'text'],
  ['application/octet-stream', false, 'hex'],
  ['IMAGE/PNG', false, 'image'],
  ['image/svg+xml', true, 'text'],
  ['image/svg+xml', false, 'hex'],
  ['text/html', true, 'text'],
] as const)('%s, text: %s, opens as %s', (contentType, isText, viewer) => {
  expect(viewersOf(contentType, isText)[0]).toBe(viewer);
});
