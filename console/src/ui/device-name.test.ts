import { expect, test } from 'vitest';
import { deviceName } from './device-name.js';

const mozilla = 'Mozilla/5.0';
const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const windows = `${mozilla} (Windows NT 10.0; Win64; x64)`;
const mac = `${mozilla} (Macintosh; Intel Mac OS X 10_15_7)`;
const linux = `${mozilla} (X11; Linux x86_64)`;

test.each([
  [`${windows} ${webkit} Chrome/131.0.0.0 Safari/537.36`, 'Chrome on Windows'],
  [`${windows} ${webkit} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`, 'Edge on Windows'],
  [`${windows} ${webkit} Chrome/130.0.0.0 Safari/537.36 OPR/116.0.0.0`, 'Opera on Windows'],
  [`${mac} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15`, 'Safari on macOS'],
  [`${mozilla} (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0`, 'Firefox on Linux'],
  [`${linux} ${webkit} HeadlessChrome/131.0.0.0 Safari/537.36`, 'Chrome on Linux'],
  [`${mozilla} (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/131.0.0.0 Safari/537.36`, 'Chrome on ChromeOS'],
  [`${mozilla} (Linux; Android 10; K) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`, 'Chrome on Android'],
  [
    `${mozilla} (Linux; Android 10; K) ${webkit} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet on Android',
  ],
  [
    `${mozilla} (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1`,
    'Safari on iPhone',
  ],
  [
    `${mozilla} (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1`,
    'Chrome on iPad',
  ],
])('names the browser and the system of %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});

test.each([
  ['curl/8.11.0', 'curl'],
  ['python-requests/2.32.3', 'python-requests'],
  ['node', 'node'],
  ['HTTPie 3.2', 'HTTPie'],
])('calls the program %s by its name', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});

test('says so when there is nothing to go by', () => {
  expect(deviceName(null)).toBe('Unknown device');
  expect(deviceName('  ')).toBe('Unknown device');
  expect(deviceName('Mozilla/5.0')).toBe('Unknown browser');
  expect(deviceName(`${linux} Mystery/1`)).toBe('Browser on Linux');
});

test('keeps a name short, whatever was sent', () => {
  expect(deviceName('x'.repeat(4_000))).toHaveLength(41);
  expect(deviceName('(odd) text')).toBe('(odd) text');
});
