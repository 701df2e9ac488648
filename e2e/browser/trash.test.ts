import type { Page } from '@playwright/test';
import type { Halo, Person } from '../halo.js';
import { expect, test } from './browser-test.js';
import { successOf } from './console-steps.js';

const rowsOf = (page: Page) => page.getByRole('region', { name: 'Keys in the trash' }).getByRole('listitem');
const rowOf = (page: Page, key: string) => rowsOf(page).filter({ hasText: key });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function setAndDelete(halo: Halo, person: Person, keys: readonly string[]): Promise<void> {
  const send = async (mutations: readonly object[]) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ mutations });
    const answer = await halo.request('POST', '/v1/commit', { token: person.accessToken, headers, body });
    expect(answer.status).toBe(200);
  };
  await send(keys.map((key) => ({ set: { key, value: `"${key}"` } })));
  await send(keys.map((key) => ({ delete: { key } })));
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => `many/${String(at).padStart(3, '0')}`);

test('restoring brings back value, type, metadata and expiry', async ({ page, person, halo }) => {
  await page.goto('/home/trash');
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  const headers = { 'content-type': 'application/json', 'halo-metadata': '{"owner":"ada"}' };
  await halo.set(person, 'a/../b %#?', '{"n": 9007199254740993}', { headers, query: 'ttl=3600' });
  const before = await halo.head(person, 'a/../b %#?');
  await halo.delete(person, 'a/../b %#?');
  // It comes in by itself.
  await expect(rowOf(page, 'a/../b %#?')).toContainText('Deleted just now · 23 B');

  await button(page, 'Restore a/../b %#?').focus();
  await page.keyboard.press('Enter');
  await expect(successOf(page, 'Restored 1 key')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  expect((await halo.read(person, 'a/../b %#?')).toString()).toBe('{"n": 9007199254740993}');
  const after = await halo.head(person, 'a/../b %#?');
  for (const name of ['content-type', 'halo-metadata', 'halo-expires-at']) {
    expect(after.headers.get(name)).toBe(before.headers.get(name));
    expect(after.headers.get(name)).not.toBeNull();
  }
});

test('a key that expired comes back without its expiry', async ({ page, person, halo }) => {
  await halo.set(person, 'short', '"lived"', { query: 'ttl=0.01' });
  await page.goto('/home/trash');
  await expect(rowOf(page, 'short')).toContainText('Expired');
  await button(page, 'Restore short').click();
  await expect(successOf(page, 'Restored 1 key')).toBeVisible();
  expect((await halo.read(person, 'short')).toString()).toBe('"lived"');
  expect((await halo.head(person, 'short')).headers.get('halo-expires-at')).toBeNull();
});

test('a key that is set again elsewhere leaves the trash, and is never overwritten', async ({
  page,
  person,
  halo,
}) => {
  await setAndDelete(halo, person, ['again', 'other']);
  await page.goto('/home/trash');
  await expect(rowsOf(page)).toHaveCount(2);
  // Between the look and the press: the answer of the server is held back until the key exists.
  await page.route('**/v1/commit', async (route) => {
    await halo.set(person, 'again', '"newer"');
    await route.continue();
  });
  await button(page, 'Restore again').click();
  await expect(page.getByRole('alert')).toContainText(
    'again was not restored: a key of this name exists again',
  );
  await expect(rowOf(page, 'again')).toHaveCount(0);
  await expect(rowsOf(page)).toHaveCount(1);
  expect((await halo.read(person, 'again')).toString()).toBe('"newer"');
});

test('purging asks first, and then erases for good', async ({ page, person, halo }) => {
  await setAndDelete(halo, person, ['secret']);
  await page.goto('/home/trash');
  await button(page, 'Purge secret').click();
  const question = page.getByRole('dialog', { name: 'Purge key?' });
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(question).toHaveCount(0);
  expect((await halo.get(person, 'secret', { query: 'revision=1' })).status).toBe(200);

  await button(page, 'Purge secret').click();
  await question.getByRole('button', { name: 'Purge' }).click();
  await expect(successOf(page, 'Purged 1 key')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(0);
  expect((await halo.get(person, 'secret', { query: 'revision=1' })).status).toBe(410);
});

test('many are restored at once; what is refused is named, and the others come back', async ({
  page,
  person,
  halo,
}) => {
  test.setTimeout(90_000);
  await setAndDelete(halo, person, many(120));
  await page.goto('/home/trash');
  await expect(rowsOf(page)).toHaveCount(100);
  await button(page, 'Load more').click();
  await expect(rowsOf(page)).toHaveCount(120);
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  let first = true;
  await page.route('**/v1/commit', async (route) => {
    if (first) await halo.set(person, 'many/007', '"newer"');
    first = false;
    await route.continue();
  });
  await button(page, 'Restore selected').click();
  const outcome = page.getByRole('alert').filter({ hasText: 'Restored 119 of 120 keys' });
  await expect(outcome).toContainText('many/007', { timeout: 45_000 });
  await expect(rowsOf(page)).toHaveCount(0);
  expect((await halo.read(person, 'many/119')).toString()).toBe('"many/119"');
  expect((await halo.read(person, 'many/007')).toString()).toBe('"newer"');
  await outcome.getByRole('button', { name: 'Dismiss' }).click();
  await expect(outcome).toHaveCount(0);
});

test('work on many can be stopped, and says how far it came', async ({ page, person, halo }) => {
  await setAndDelete(halo, person, many(20));
  await page.goto('/home/trash');
  await page.getByRole('searchbox', { name: 'Search the trash by prefix' }).fill('many/01');
  await expect(rowsOf(page)).toHaveCount(10);
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  let cancel = () => {};
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve;
  });
  let purges = 0;
  await page.route('**/v1/trash/**', async (route) => {
    purges += 1;
    if (purges === 3) await cancelled;
    await route.continue();
  });
  await button(page, 'Purge selected').click();
  const question = page.getByRole('dialog', { name: 'Purge 10 keys?' });
  await question.getByRole('button', { name: 'Purge' }).click();
  const progress = page.getByRole('dialog', { name: 'Purging keys' });
  await expect(progress.getByText('2 of 10')).toBeVisible();
  await progress.getByRole('button', { name: 'Cancel' }).click();
  cancel();
  await expect(page.getByRole('alert')).toContainText('Purged 3 of 10 keys7 were not begun.');
  await expect(rowsOf(page)).toHaveCount(7);
  expect(purges).toBe(3);
});

test('what the server cannot answer is said, and Retry tries again', async ({ page, person, halo }) => {
  await setAndDelete(halo, person, ['gone']);
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route('**/v1/trash**', (route) => route.fulfill({ status: 500, json }));
  await page.goto('/home/trash');
  const alert = page.getByRole('alert').filter({ hasText: 'The trash could not be loaded' });
  await expect(alert).toContainText('r-1');
  await page.unroute('**/v1/trash**');
  await alert.getByRole('button', { name: 'Retry' }).click();
  await expect(rowOf(page, 'gone')).toBeVisible();
});
