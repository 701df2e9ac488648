import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import { expectValue, openKeyOf, successOf, visitKey } from './console-steps.js';

const from = 'from/here';
const to = 'to/"there" 🙂/..';
const instant = '2099-01-02T03:04:05.678Z';
const parts = {
  query: `expires_at=${instant}`,
  headers: { 'content-type': 'application/json', 'halo-metadata': '{"n":1.0}' },
};

async function openDialog(page: Page, item: string) {
  await page.getByRole('button', { name: 'More for this key' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  return page.getByRole('dialog');
}

test('renaming takes value, metadata and expiry along, and can be undone', async ({ page, person, halo }) => {
  await halo.set(person, from, '{"a":1}', parts);
  await visitKey(page, from);
  const dialog = await openDialog(page, 'Rename…');
  await expect(dialog.getByRole('textbox', { name: 'New name' })).toHaveValue(from);
  await dialog.getByRole('textbox', { name: 'New name' }).fill(to);
  await page.keyboard.press('Enter');
  await expect(openKeyOf(page)).toHaveText(to);
  await expectValue(page, '{"a":1}');
  expect((await halo.get(person, from)).status).toBe(404);
  const moved = await halo.get(person, to);
  expect(await moved.text()).toBe('{"a":1}');
  expect(moved.headers.get('content-type')).toBe('application/json');
  expect(moved.headers.get('halo-metadata')).toBe('{"n":1.0}');
  expect(moved.headers.get('halo-expires-at')).toBe(instant);

  await successOf(page, 'Renamed').getByRole('button', { name: 'Undo' }).click();
  await expect(successOf(page, 'Undone')).toBeVisible();
  expect((await halo.get(person, to)).status).toBe(404);
  expect((await halo.read(person, from)).toString()).toBe('{"a":1}');
});

test('copying leaves the key where it is', async ({ page, person, halo }) => {
  await halo.set(person, from, '{"a":1}', parts);
  await visitKey(page, from);
  const dialog = await openDialog(page, 'Copy to…');
  await dialog.getByRole('textbox', { name: 'Name of the copy' }).fill(to);
  await dialog.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(openKeyOf(page)).toHaveText(to);
  for (const key of [from, to]) {
    const response = await halo.get(person, key);
    expect(await response.text()).toBe('{"a":1}');
    expect(response.headers.get('halo-metadata')).toBe('{"n":1.0}');
    expect(response.headers.get('halo-expires-at')).toBe(instant);
  }
});

test('a name that is taken or no key is refused, and the taken one can be opened', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, from, '"mine"', parts);
  await halo.set(person, 'taken', '"other"');
  await visitKey(page, from);
  const dialog = await openDialog(page, 'Rename…');
  const field = dialog.getByRole('textbox', { name: 'New name' });
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(field).toHaveAccessibleDescription(/the name it has/);
  await field.fill('');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(field).toHaveAccessibleDescription(/Enter a key/);
  await field.fill('taken');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(field).toHaveAccessibleDescription(/exists already/);
  expect((await halo.read(person, 'taken')).toString()).toBe('"other"');
  expect((await halo.read(person, from)).toString()).toBe('"mine"');
  await dialog.getByRole('button', { name: 'Open it' }).click();
  await expect(openKeyOf(page)).toHaveText('taken');
});

test('a key that changed meanwhile is not renamed', async ({ page, person, halo }) => {
  await halo.set(person, from, '"seen"');
  await visitKey(page, from);
  const dialog = await openDialog(page, 'Rename…');
  await halo.set(person, from, '"newer"');
  await dialog.getByRole('textbox', { name: 'New name' }).fill('elsewhere');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await dialog.getByRole('button', { name: 'Reload it' }).click();
  await expectValue(page, '"newer"');
  expect((await halo.get(person, 'elsewhere')).status).toBe(404);
});
