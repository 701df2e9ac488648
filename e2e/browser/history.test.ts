import type { HistoryPage } from 'halo-contract';
import { expectJson, type Halo, type Person } from '../halo.js';
import { expect, test } from './browser-test.js';
import { detailOf, expectValue, successOf, visitKey } from './console-steps.js';

const key = 'a/key';

async function versionsOf(halo: Halo, person: Person): Promise<HistoryPage['versions']> {
  const path = `/v1/history/${encodeURIComponent(key)}`;
  const response = await halo.request('GET', path, { token: person.accessToken });
  return (await expectJson<HistoryPage>(response, 200)).versions;
}

test('the difference is old → new, between any two versions', async ({ page, person, halo }) => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  await halo.set(person, key, lines.join('\n'), { headers: { 'content-type': 'text/plain' } });
  await halo.set(person, key, [...lines, 'second'].join('\n'), { headers: { 'content-type': 'text/plain' } });
  await halo.set(person, key, [...lines, 'third'].join('\n'), { headers: { 'content-type': 'text/plain' } });
  await visitKey(page, key);
  await page.getByRole('tab', { name: 'History' }).click();
  const older = page.getByRole('textbox', { name: /^Older/ });
  const newer = page.getByRole('textbox', { name: /^Newer/ });
  await expect(older).toHaveAccessibleName('Older, revision 2');
  await expect(newer).toHaveAccessibleName('Newer, revision 3');
  await expect(older.locator('.cm-changedLine')).toHaveText('second');
  await expect(newer.locator('.cm-changedLine')).toHaveText('third');
  const [left, right] = [await older.boundingBox(), await newer.boundingBox()];
  expect(left?.x ?? 0).toBeLessThan(right?.x ?? 0);

  await expect(older.getByText(/^\d+ unchanged lines$/)).toBeVisible();
  // The library puts a character beside it that no font of the console has.
  const mark = await older
    .locator('.cm-collapsedLines')
    .evaluate((element) => getComputedStyle(element, '::before').content);
  expect(mark).toBe('""');
  await page.getByRole('button', { name: 'Show all lines' }).click();
  await expect(page.getByRole('textbox', { name: /^Older/ })).toContainText('line 0');

  const rows = page.getByRole('region', { name: 'Versions' }).getByRole('button');
  await rows.last().click();
  await page.getByRole('combobox', { name: 'Compare with' }).selectOption('3');
  await expect(page.getByRole('textbox', { name: 'Older, revision 1' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Newer, revision 3' })).toBeVisible();
});

test('restoring an old version writes a new one, which can be undone', async ({ page, person, halo }) => {
  await halo.set(person, key, '"old"', {
    headers: { 'content-type': 'application/json', 'halo-metadata': '{"v":1}' },
  });
  await halo.set(person, key, '"new"', { headers: { 'content-type': 'application/json' } });
  await visitKey(page, key);
  await page.getByRole('tab', { name: 'History' }).click();
  const rows = page.getByRole('region', { name: 'Versions' }).getByRole('button');
  await expect(rows).toHaveCount(2);
  await rows.last().click();
  await page.getByText('Value', { exact: true }).last().click();
  await expect(page.getByRole('textbox', { name: 'Value of revision 1' })).toHaveText('"old"');
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await expect(successOf(page, 'Restored')).toBeVisible();
  await expect(rows).toHaveCount(3);
  const restored = await halo.get(person, key);
  expect(restored.headers.get('halo-revision')).toBe('3');
  expect(restored.headers.get('halo-metadata')).toBe('{"v":1}');
  expect(await restored.text()).toBe('"old"');
  expect((await versionsOf(halo, person)).map(({ revision }) => revision)).toEqual([3, 2, 1]);

  await successOf(page, 'Restored').getByRole('button', { name: 'Undo' }).click();
  await expect(detailOf(page).getByText('revision 4', { exact: true })).toBeVisible();
  expect((await halo.read(person, key)).toString()).toBe('"new"');
});

test('a restore spares what was changed meanwhile', async ({ page, person, halo }) => {
  await halo.set(person, key, '"old"');
  await halo.set(person, key, '"seen"');
  await visitKey(page, key);
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('region', { name: 'Versions' }).getByRole('button').last().click();
  await expect(page.getByRole('button', { name: 'Restore this version' })).toBeEnabled();
  await halo.set(person, key, '"newer"');
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await expect(page.getByRole('alert')).toContainText('Not restored: the key has changed meanwhile');
  expect((await halo.read(person, key)).toString()).toBe('"newer"');
});

test('Undo after a delete brings back value, metadata and expiry', async ({ page, person, halo }) => {
  const instant = '2099-01-02T03:04:05.678Z';
  await halo.set(person, key, '"kept"', {
    query: `expires_at=${instant}`,
    headers: { 'content-type': 'application/json', 'halo-metadata': '{"n":1.0}' },
  });
  await visitKey(page, key);
  await page.keyboard.press('Delete');
  await expectValue(page, '"kept"');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(successOf(page, 'Moved to trash')).toBeVisible();
  expect((await halo.get(person, key)).status).toBe(404);
  await successOf(page, 'Moved to trash').getByRole('button', { name: 'Undo' }).click();
  await expect(successOf(page, 'Undone')).toBeVisible();
  const back = await halo.get(person, key);
  expect(await back.text()).toBe('"kept"');
  expect(back.headers.get('content-type')).toBe('application/json');
  expect(back.headers.get('halo-metadata')).toBe('{"n":1.0}');
  expect(back.headers.get('halo-expires-at')).toBe(instant);
});

test('Undo after a delete is refused when the key is there again', async ({ page, person, halo }) => {
  await halo.set(person, key, '"first"');
  await visitKey(page, key);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(successOf(page, 'Moved to trash')).toBeVisible();
  await halo.set(person, key, '"second"');
  await successOf(page, 'Moved to trash').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('alert')).toContainText('Not undone');
  expect((await halo.read(person, key)).toString()).toBe('"second"');
});

test('a deleted key is restored from its history', async ({ page, person, halo }) => {
  await halo.set(person, key, '"lost"', { headers: { 'content-type': 'application/json' } });
  await halo.delete(person, key);
  await visitKey(page, key);
  await page.getByRole('button', { name: 'Look for its history' }).click();
  await expect(page.getByText('Here the key was deleted')).toBeVisible();
  await page.getByRole('region', { name: 'Versions' }).getByRole('button').last().click();
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await expect(detailOf(page).getByText('revision 3', { exact: true })).toBeVisible();
  expect((await halo.read(person, key)).toString()).toBe('"lost"');

  await halo.delete(person, key);
  await halo.purge(person, key);
  await halo.set(person, key, '"again"');
  await page.reload();
  const rows = page.getByRole('region', { name: 'Versions' }).getByRole('button');
  await expect(rows.filter({ hasText: 'pruned' })).not.toHaveCount(0);
  await rows.filter({ hasText: 'pruned' }).last().click();
  await expect(page.getByText('This version has been pruned')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Restore this version' })).toHaveCount(0);
});

test('versions come page by page', async ({ page, person, halo }) => {
  test.setTimeout(60_000);
  for (let index = 0; index < 60; index += 1) await halo.set(person, key, `"${index}"`);
  await visitKey(page, key);
  await page.getByRole('tab', { name: 'History' }).click();
  const rows = page.getByRole('region', { name: 'Versions' }).getByRole('listitem');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'Show older versions' }).click();
  await expect(rows).toHaveCount(60);
  await expect(page.getByRole('button', { name: 'Show older versions' })).toHaveCount(0);
});
