import { expect, test } from 'vitest';
import { actorName, deviceName } from './device-name.js';

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';

test.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${webKit} Chrome/126.0.0.0 Safari/537.36`, 'Chrome 126 on Linux'],
  [
    `Mozilla/5.0 (Windows NT 10.0) ${webKit} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2`,
    'Edge 126 on Windows',
  ],
  ['Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox 128 on Windows'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
    'Safari 17 on macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1',
    'Chrome 126 on iPhone',
  ],
  [
    `Mozilla/5.0 (Linux; Android 14) ${webKit} Chrome/125.0.0.0 Mobile Safari/537.36`,
    'Chrome 125 on Android',
  ],
  ['curl/8.5.0', 'curl 8.5'],
  ['halo-cli/0.1.0 (linux)', 'halo-cli 0.1'],
  ['node', 'node'],
  ['Mozilla/5.0 (something else)', 'Unknown device'],
  ['\u202e<script>', 'Unknown device'],
  [' ', 'Unknown device'],
  [null, 'Unknown device'],
])('reads %j as %s', (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});

test.each([
  ['halo', 'Halo'],
  ['curl/8.5.0', 'curl 8.5'],
  ['backup script', 'backup script'],
  ['node', 'node'],
  ['Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox 128 on Windows'],
])('a change by %s was made by %s', (actor, name) => {
  expect(actorName(actor)).toBe(name);
});
