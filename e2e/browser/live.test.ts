import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import { accessTokenDuring, startEditing, valueField, visitKey, writeValue } from './console-steps.js';

/** The revisions that the list of changes shows, from the top. */
function revisionsOf(page: Page) {
  return page.getByRole('list', { name: 'Changes, newest first' }).getByText(/^revision \d+$/);
}

const status = (page: Page, words: string) => page.getByRole('navigation').getByText(words, { exact: true });

const revisions = (newest: number) =>
  Array.from({ length: newest }, (_, index) => `revision ${newest - index}`);

test('a write by another session appears by itself', async ({ page, person, halo }) => {
  await page.goto('/home/activity');
  await expect(page.getByText('Nothing has changed yet')).toBeVisible();
  await expect(status(page, 'Live')).toBeVisible();
  const elsewhere = await halo.logIn(person);
  await halo.set(elsewhere, 'from/elsewhere', '"now"');
  await expect(page.getByRole('link', { name: 'from/elsewhere' })).toBeVisible();
  await halo.delete(elsewhere, 'from/elsewhere');
  await expect(revisionsOf(page)).toHaveText(revisions(2));
});

test('after the network was away, nothing is missing and nothing comes twice', async ({
  page,
  context,
  person,
  halo,
}) => {
  await page.goto('/home/activity');
  await expect(status(page, 'Live')).toBeVisible();
  for (const key of ['a', 'b']) await halo.set(person, key, '1');
  await expect(revisionsOf(page)).toHaveText(revisions(2));

  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await expect(status(page, 'Live')).toHaveCount(0);
  for (const key of ['c', 'd', 'a']) await halo.set(person, key, '2');
  await expect(revisionsOf(page)).toHaveText(revisions(2));

  const resumed = page.waitForRequest((request) => request.headers().accept === 'text/event-stream');
  await context.setOffline(false);
  // What it asks for begins where it was cut off, so that neither can be.
  expect((await resumed).headers()['last-event-id']).toBe('2');
  await expect(revisionsOf(page)).toHaveText(revisions(5));
  await expect(status(page, 'Live')).toBeVisible();
});

test('a stream that cannot be had is tried again, and says so meanwhile', async ({ page, person, halo }) => {
  let refused = 0;
  await page.route('**/v1/changes', async (route) => {
    const wanted = route.request().headers().accept === 'text/event-stream';
    if (!wanted || refused === 2) return route.continue();
    refused += 1;
    return route.abort();
  });
  await page.goto('/home/activity');
  await expect(status(page, 'Reconnecting…')).toBeVisible();
  await halo.set(person, 'meanwhile', '1');
  await expect(status(page, 'Live')).toBeVisible();
  expect(refused).toBe(2);
  // It was written before the stream began; that the stream has begun is why it was asked for again.
  await expect(revisionsOf(page)).toHaveText(revisions(1));
});

test('a session that is ended elsewhere leaves the screen at once, but not over a draft', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'open', '"value"');
  const accessToken = await accessTokenDuring(page, () => visitKey(page, 'open'));
  await startEditing(page);
  await writeValue(page, '"draft"');
  await expect(status(page, 'Live')).toBeVisible();
  await halo.logOut({ ...person, accessToken });
  await expect(status(page, 'Live')).toHaveCount(0);
  await expect(valueField(page)).toHaveText('"draft"');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('without a draft the log-in comes at once when the session is ended elsewhere', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'open', '"value"');
  const accessToken = await accessTokenDuring(page, () => visitKey(page, 'open'));
  await expect(status(page, 'Live')).toBeVisible();
  await halo.logOut({ ...person, accessToken });
  await expect(page.getByText('Your session has ended. Log in to go on.')).toBeVisible();
  await expect(page.getByText('value')).toHaveCount(0);
});
