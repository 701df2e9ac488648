import { readFile } from 'node:fs/promises';
import { expect, test } from './browser-test.js';
import {
  detailOf,
  expectValue,
  flatUrl,
  openKeyOf,
  rowOf,
  rowsOf,
  save,
  setNewValue,
  startEditing,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';

const peculiarKeys = [
  'a/../b',
  '../up',
  '/',
  '100%',
  '%2F',
  'a#b',
  'a?b=c&d',
  'a b',
  '🙂/é',
  '__proto__',
  '{}',
];

test('keys with slashes, dots, %, #, ?, spaces and emoji go there and back', async ({
  page,
  person,
  halo,
}) => {
  // Eleven forms and as many openings take their time beside other work.
  test.setTimeout(60_000);
  await page.goto(flatUrl());
  for (const key of peculiarKeys) {
    await setNewValue(page, key, JSON.stringify(key));
    await expect(openKeyOf(page)).toHaveText(key);
    expect((await halo.read(person, key)).toString()).toBe(JSON.stringify(key));
  }
  const { keys } = await halo.page(person);
  expect(new Set(keys.map(({ key }) => key))).toEqual(new Set(peculiarKeys));
  await page.reload();
  await expect(rowsOf(page)).toHaveText(keys.map(({ key }) => key));
  for (const key of peculiarKeys) {
    await rowOf(page, key).click();
    await expect(openKeyOf(page)).toHaveText(key);
    await expectValue(page, JSON.stringify(key));
  }
});

test('what was not typed over survives open, edit and save byte for byte', async ({ page, person, halo }) => {
  const values = [
    '{\n  "id": 9007199254740993,\n  "id": 1.0,\n  "big": 1e999,\n  "name": "before"\n}\n',
    '{"é": "\\u00e9",\r\n\t"name": "before"  }\r\n\r\n',
  ];
  for (const value of values) {
    await halo.set(person, 'k', value, { headers: { 'content-type': 'application/json' } });
    await visitKey(page, 'k');
    await startEditing(page);
    await page.getByText('"before"').dblclick();
    await page.keyboard.type('after');
    await save(page);
    const expected = value.replace('before', 'after');
    expect((await halo.read(person, 'k')).toString()).toBe(expected);
  }
});

test('a value saved without an edit is the same byte for byte, with its metadata and type', async ({
  page,
  person,
  halo,
}) => {
  const value = '\ufeffa\r\nb\nc\rd \t\u2028\u0000\u0007 no newline at the end';
  const headers = { 'content-type': 'text/x-odd; charset=utf-8', 'halo-metadata': '{"by":"test"}' };
  await halo.set(person, 'k', value, { headers });
  await visitKey(page, 'k');
  await startEditing(page);
  await save(page);
  const response = await halo.get(person, 'k');
  expect(response.headers.get('halo-revision')).toBe('2');
  expect(response.headers.get('content-type')).toBe(headers['content-type']);
  expect(response.headers.get('halo-metadata')).toBe(headers['halo-metadata']);
  expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(value))).toBe(true);
});

test('JSON that is broken is located, and may be saved all the same or as text', async ({
  page,
  person,
  halo,
}) => {
  const broken = '{\n  "a": 1,\n  "b": ]\n}';
  await halo.set(person, 'k', '{}', { headers: { 'content-type': 'application/json' } });
  await visitKey(page, 'k');
  await startEditing(page);
  await writeValue(page, broken);
  await expect(page.getByText('Not valid JSON: line 3, column 8')).toBeVisible();
  await save(page);
  const asJson = await halo.get(person, 'k');
  expect(await asJson.text()).toBe(broken);
  expect(asJson.headers.get('content-type')).toBe('application/json');
  await expect(page.getByText('Not valid JSON: line 3, column 8')).toBeVisible();

  await startEditing(page);
  await page.getByRole('button', { name: 'Save as text' }).click();
  await expect(detailOf(page).getByText('text/plain; charset=utf-8')).toBeVisible();
  await expect(page.getByText('Not valid JSON')).toHaveCount(0);
  const asText = await halo.get(person, 'k');
  expect(await asText.text()).toBe(broken);
  expect(asText.headers.get('content-type')).toBe('text/plain; charset=utf-8');
});

test('bytes that are no text open in hex', async ({ page, person, halo }) => {
  await halo.set(
    person,
    'k',
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  await visitKey(page, 'k');
  const hex = page.getByRole('region', { name: 'Value in hex' });
  await expect(hex).toContainText('00000040');
  await expect(hex).toContainText('40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f');
  await expect(hex).toContainText('@ABCDEFGHIJKLMNO');
  await expect(page.getByRole('button', { name: 'Download' })).toBeVisible();
});

test('an SVG or HTML value shows as text and runs nothing', async ({ page, person, halo }) => {
  const act = 'document.title="executed"';
  const values = {
    'image/svg+xml': `<svg xmlns="http://www.w3.org/2000/svg" onload='${act}'><script>${act}</script></svg>`,
    'text/html': `<img src="x:" onerror='${act}'><script>${act}</script>`,
  };
  for (const [type, value] of Object.entries(values)) {
    await halo.set(person, type, value, { headers: { 'content-type': type } });
    await visitKey(page, type);
    await expectValue(page, value);
    await expect(page).not.toHaveTitle('executed');
  }
});

test('of a value above 256 KB the beginning is shown, and one above 1 MB can only be downloaded', async ({
  page,
  person,
  halo,
}) => {
  const headers = { 'content-type': 'text/plain' };
  const line = (index: number) => `line ${String(index).padStart(6, '0')} of a long text\n`;
  const text = (bytes: number) =>
    Array.from({ length: bytes / line(0).length }, (_, index) => line(index)).join('');
  const long = text(300_000);
  const longer = text(1_200_000);
  await halo.set(person, 'long.txt', long, { headers });
  await halo.set(person, 'longer.txt', longer, { headers });

  await visitKey(page, 'long.txt');
  await expect(page.getByText(/^These are the first 256 KB of 2\d\d KB\./)).toBeVisible();
  await expect(valueField(page)).toContainText(line(0).trim());
  await startEditing(page);
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.insertText('the end');
  await save(page);
  expect((await halo.read(person, 'long.txt')).toString()).toBe(`${long}the end`);

  await visitKey(page, 'longer.txt');
  await expect(page.getByText('Too long to show')).toBeVisible();
  await expect(valueField(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Edit', exact: true })).toHaveCount(0);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('longer.txt');
  expect(await readFile(await (await download).path(), 'utf8')).toBe(longer);
});

test('a key shows when it expires, and leaves when the time comes', async ({ page, person, halo }) => {
  await halo.set(person, 'stays', '1');
  await page.goto('/home');
  await page.getByRole('button', { name: 'Set a value' }).first().click();
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('goes');
  await page.getByRole('textbox', { name: 'Expires after' }).fill('3');
  await page.getByRole('combobox', { name: 'Unit of time' }).selectOption('seconds');
  await page.getByRole('button', { name: 'Save', exact: true }).click();

  const detail = detailOf(page);
  await expect(detail.getByText(/^expires in (\d|under 1) s$/)).toBeVisible();
  await expect(rowsOf(page)).toHaveText([/^goes(\d|under 1) s$/, 'stays']);
  await expect(rowsOf(page)).toHaveText(['stays']);
  await expect(detail.getByText('This key has expired')).toBeVisible();
  expect((await halo.get(person, 'goes')).status).toBe(404);
});

test('a key that keeps its time shows it as an instant, too, and an edit leaves it', async ({
  page,
  person,
  halo,
}) => {
  const instant = '2099-01-02T03:04:05.678Z';
  await halo.set(person, 'k', '"before"', { query: `expires_at=${instant}` });
  await visitKey(page, 'k');
  await expect(detailOf(page).getByText(/^expires in \d+ y \d+ d$/)).toBeVisible();
  await expect(detailOf(page).getByText('Jan 2, 2099, 3:04:05 AM')).toBeVisible();
  await startEditing(page);
  await writeValue(page, '"after"');
  await save(page);
  const response = await halo.get(person, 'k');
  expect(await response.text()).toBe('"after"');
  expect(response.headers.get('halo-expires-at')).toBe(instant);
});
