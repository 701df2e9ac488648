import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import {
  detailOf,
  expectValue,
  save,
  startEditing,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';
import { tinyPng } from './key-screens.js';

// A trace would fetch the blob of each picture from within the page, which the page's own policy forbids.
test.use({ trace: 'off' });

const json = { headers: { 'content-type': 'application/json' } };

function show(page: Page, viewer: string) {
  return page.getByRole('radiogroup', { name: 'Show as' }).getByText(viewer, { exact: true }).click();
}

test('a value opens as its content type says, and can be looked at in other ways', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'a.json', '{"a":1}', json);
  await visitKey(page, 'a.json');
  await expectValue(page, '{"a":1}');
  await show(page, 'Hex');
  await expect(page.getByRole('region', { name: 'Value in hex' })).toContainText('7b 22 61 22 3a 31 7d');
  await show(page, 'Text');
  await expectValue(page, '{"a":1}');

  await halo.set(person, 'dot', tinyPng, { headers: { 'content-type': 'image/png' } });
  await visitKey(page, 'dot');
  await expect(page.getByRole('img', { name: 'The value' })).toHaveAttribute('src', /^blob:/);
  await expect(page.getByText('2 × 2 pixels')).toBeVisible();
  await halo.set(person, 'broken', 'no picture', { headers: { 'content-type': 'image/png' } });
  await visitKey(page, 'broken');
  await expect(page.getByText('This is no picture that the browser can draw')).toBeVisible();
});

test('as a picture, an SVG runs no script and has no origin', async ({ page, person, halo }) => {
  const act = 'document.title="executed"';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload='${act}'><script>${act}</script></svg>`;
  await halo.set(person, 'k', svg, { headers: { 'content-type': 'image/svg+xml' } });
  await visitKey(page, 'k');
  await expectValue(page, svg);
  await show(page, 'Image');
  await expect(page.getByText('9 × 9 pixels')).toBeVisible();
  await expect(page.getByRole('img', { name: 'The value' })).toHaveAttribute('src', /^data:image\/svg\+xml,/);
  await expect(page).not.toHaveTitle('executed');
});

test('Format changes white space alone, only when asked, and can be undone', async ({
  page,
  person,
  halo,
}) => {
  const value = '{"id":9007199254740993,"id":1.0,"big":1e400,"s":"\\u00e9\\/","b":{},"a":[1,[]]}';
  await halo.set(person, 'k', value, json);
  await visitKey(page, 'k');
  await expectValue(page, value);
  await startEditing(page);
  await page.getByRole('button', { name: 'Format' }).click();
  await expect(valueField(page)).toContainText('"big": 1e400');
  await save(page);
  expect((await halo.read(person, 'k')).toString()).toBe(
    '{\n  "id": 9007199254740993,\n  "id": 1.0,\n  "big": 1e400,\n  "s": "\\u00e9\\/",\n  "b": {},\n  "a": [\n    1,\n    []\n  ]\n}',
  );

  await startEditing(page);
  await writeValue(page, '{"a": ]}');
  await page.getByRole('button', { name: 'Format' }).click();
  await expect(valueField(page)).toBeFocused();
  await expectValue(page, '{"a": ]}');
  await writeValue(page, '[1,2]');
  await page.getByRole('button', { name: 'Format' }).click();
  await valueField(page).click();
  await page.keyboard.press('ControlOrMeta+z');
  await expectValue(page, '[1,2]');
});

test('bytes are edited as hex, and what is no hex is not saved', async ({ page, person, halo }) => {
  await halo.set(person, 'k', Uint8Array.of(0xff, 0x00, 0x48));
  await visitKey(page, 'k');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const field = page.getByRole('textbox', { name: 'Value in hex' });
  const saveButton = page.getByRole('button', { name: 'Save', exact: true });
  await expect(field).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('ff 0g');
  await expect(page.getByText('Not valid hex: line 1, column 5: “g” is no hex digit.')).toBeVisible();
  await expect(saveButton).toBeDisabled();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('FF01 02');
  await save(page);
  expect([...(await halo.read(person, 'k'))]).toEqual([0xff, 1, 2]);
});

test('a text can be edited as hex and back, and its content type changed', async ({ page, person, halo }) => {
  await halo.set(person, 'k', 'Hi', { headers: { 'content-type': 'text/plain' } });
  await visitKey(page, 'k');
  await startEditing(page);
  await page.getByText('Hex', { exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Value in hex' })).toHaveText('48 69');
  await page.getByRole('textbox', { name: 'Value in hex' }).click();
  await page.keyboard.press('End');
  await page.keyboard.insertText(' 21');
  await page.getByText('Text', { exact: true }).click();
  await expectValue(page, 'Hi!');
  const type = page.getByRole('combobox', { name: 'Content type' });
  await type.fill('nonsense');
  await expect(type).toHaveAccessibleDescription(/Enter a media type/);
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await type.fill('text/markdown');
  await save(page);
  const response = await halo.get(person, 'k');
  expect(response.headers.get('content-type')).toBe('text/markdown');
  expect(await response.text()).toBe('Hi!');
});

test('a file takes the place of a value, with its content type, also of one too long to show', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'k', 'x'.repeat(1_200_000), { headers: { 'content-type': 'text/plain' } });
  await visitKey(page, 'k');
  await expect(page.getByText('Too long to show')).toBeVisible();
  const picker = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'More for this key' }).click();
  await page.getByRole('menuitem', { name: 'Replace with a file…' }).click();
  await (await picker).setFiles({ name: 'dot.png', mimeType: 'image/png', buffer: tinyPng });
  await expect(page.getByText('“dot.png”')).toBeVisible();
  expect((await halo.read(person, 'k')).length).toBe(1_200_000);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('2 × 2 pixels')).toBeVisible();
  const response = await halo.get(person, 'k');
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await response.arrayBuffer()).equals(tinyPng)).toBe(true);
});

test('the tab is in the address, and survives a reload and Back', async ({ page, person, halo }) => {
  await halo.set(person, 'k', '"value"', json);
  await visitKey(page, 'k');
  for (const name of ['History', 'Metadata', 'Code']) {
    await page.getByRole('tab', { name }).click();
    await expect(page).toHaveURL(new RegExp(`tab=${name.toLowerCase()}`));
  }
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Code' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('region', { name: 'Get' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('tab', { name: 'Metadata' })).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(valueField(page)).toBeFocused();
  await writeValue(page, '"draft"');
  await page.getByRole('tab', { name: 'History' }).click();
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expectValue(page, '"draft"');
});

test('Escape ends editing where nothing is lost, and asks where something would be', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'k', '"value"', json);
  await visitKey(page, 'k');
  await expectValue(page, '"value"');
  await page.keyboard.press('e');
  await expect(valueField(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeFocused();
  await page.keyboard.press('e');
  await writeValue(page, '"draft"');
  await page.keyboard.press('Escape');
  await expectValue(page, '"draft"');
  await page.getByRole('combobox', { name: 'Content type' }).focus();
  await page.keyboard.press('Escape');
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expectValue(page, '"draft"');
  await page.keyboard.press('ControlOrMeta+s');
  await expect(detailOf(page).getByText('revision 2', { exact: true })).toBeVisible();
});

const refusals = [
  { code: 'too-large', status: 413, says: 'Too large to save' },
  { code: 'rate-limited', status: 429, says: 'Too many requests for the moment' },
  { code: 'quota-exceeded', status: 507, says: 'Your account is full' },
  { code: 'unavailable', status: 503, says: 'Halo is busy or restarting' },
  { code: 'outcome-unknown', status: 503, says: 'It is not known whether this was saved' },
] as const;

test('each refusal of a save says what to do, and the draft stays', async ({ page, person, halo }) => {
  await halo.set(person, 'k', '"before"', json);
  await visitKey(page, 'k');
  await startEditing(page);
  await writeValue(page, '"mine"');
  for (const { code, status, says } of refusals) {
    await page.route('**/v1/keys/k?**', (route) =>
      route.fulfill({
        status,
        headers: { 'Retry-After': '2', 'X-Request-Id': `request-${code}` },
        json: { code, status, title: 'T', detail: 'D.' },
      }),
    );
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const alert = page.getByRole('alert').filter({ hasText: says });
    await expect(alert).toContainText(`request-${code}`);
    await expectValue(page, '"mine"');
    await page.unroute('**/v1/keys/k?**');
  }
  // The answer was lost but the save got through: trying again finds it, and writes nothing twice.
  await page.route('**/v1/keys/k?**', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const lost = page.getByRole('alert').filter({ hasText: 'Halo did not answer' });
  await expect(lost).toBeVisible();
  await page.unroute('**/v1/keys/k?**');
  await lost.getByRole('button', { name: 'Try again' }).click();
  await expect(detailOf(page).getByText('revision 2', { exact: true })).toBeVisible();
  expect((await halo.read(person, 'k')).toString()).toBe('"mine"');
});
