import type { BrowserContext, Page } from '@playwright/test';
import type { Person } from '../halo.js';
import { expect, test } from './browser-test.js';
import { rowsOf as keysOf, logInByForm, startEditing, successOf, visitKey } from './console-steps.js';
import { apiOf } from './security-api.js';

const sessionsPath = '/home/settings/sessions';

const dialogOf = (page: Page) => page.getByRole('dialog');
const rowsOf = (page: Page) => page.getByRole('list', { name: 'Sessions' }).getByRole('listitem');

/** Logs the same person in in another browser. */
async function elsewhere(open: () => Promise<BrowserContext>, person: Person): Promise<Page> {
  const page = await (await open()).newPage();
  await page.goto('/home');
  await logInByForm(page, person);
  await expect(page.getByRole('button', { name: person.name, exact: true })).toBeVisible();
  return page;
}

test('each session says what device it is, and this one that it is this one', async ({
  page,
  person,
  halo,
}) => {
  const api = apiOf(halo, person);
  await api.logInFrom('Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0');
  await api.logInFrom('curl/8.11.0');
  await page.goto(sessionsPath);
  await expect(rowsOf(page)).toHaveCount(3);
  await expect(rowsOf(page).filter({ hasText: 'This device' })).toHaveCount(1);
  await expect(rowsOf(page).filter({ hasText: 'This device' })).toContainText('Chrome');
  for (const name of ['Firefox 133 on Windows', 'curl 8.11']) {
    await expect(rowsOf(page).filter({ hasText: name })).toContainText(/127\.0\.0\.1|::1/);
  }
});

test('a session that is ended from another browser lands at the log-in', async ({
  page,
  person,
  halo,
  newBrowser,
}) => {
  await halo.set(person, 'private/key', '1');
  const other = await elsewhere(newBrowser, person);
  await expect(keysOf(other)).toContainText(['private']);
  await page.goto(sessionsPath);
  await rowsOf(page)
    .filter({ hasNotText: 'This device' })
    .getByRole('button', { name: /^End the session of .*Chrome/ })
    .click();
  await expect(dialogOf(page)).toContainText(/End the session of .*Chrome/);
  await dialogOf(page).getByRole('button', { name: 'End session' }).click();
  await expect(successOf(page, 'Session ended')).toBeVisible();
  await expect(page.getByText('You are logged in nowhere else.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Your sessions' })).toBeFocused();

  await expect(other.getByText('Your session has ended. Log in to go on.')).toBeVisible();
  await expect(other.getByText('private/key')).toHaveCount(0);
  await logInByForm(other, person);
  await expect(keysOf(other)).toContainText(['private']);
});

test('a session that is ended while somebody writes in it keeps what they wrote', async ({
  page,
  person,
  halo,
  newBrowser,
}) => {
  await halo.set(person, 'draft', '"before"');
  const other = await elsewhere(newBrowser, person);
  await visitKey(other, 'draft');
  await startEditing(other);
  await other.keyboard.press('ControlOrMeta+a');
  await other.keyboard.insertText('"after"');
  await page.goto(sessionsPath);
  await page.getByRole('button', { name: /^End the session of .*Chrome/ }).click();
  await dialogOf(page).getByRole('button', { name: 'End session' }).click();
  await expect(successOf(page, 'Session ended')).toBeVisible();

  await other.getByRole('button', { name: 'Save', exact: true }).click();
  const ended = other.getByRole('dialog', { name: 'Your session has ended' });
  await ended.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await ended.getByRole('button', { name: 'Log in' }).click();
  await expect(successOf(other, 'Saved')).toBeVisible();
  expect((await halo.read(person, 'draft')).toString()).toBe('"after"');
});

test('all others end together, after a question that counts them', async ({ page, person, halo }) => {
  const api = apiOf(halo, person);
  const others = [await api.logInFrom('curl/8.11.0'), await api.logInFrom('Wget/1.21')];
  const { token } = await api.createToken({ name: 'stays', access: 'read' });
  await page.goto(sessionsPath);
  await expect(rowsOf(page)).toHaveCount(3);
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(dialogOf(page)).toContainText('End 2 other sessions?');
  await dialogOf(page).getByRole('button', { name: 'End all 2' }).click();
  await expect(successOf(page, '2 other sessions ended')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'End all others' })).toHaveCount(0);
  for (const { accessToken } of others) {
    expect((await halo.request('GET', '/v1/keys', { token: accessToken })).status).toBe(401);
  }
  expect((await halo.request('GET', '/v1/keys', { token })).status).toBe(200);
});

test('ending one’s own session is logging out, by keyboard alone', async ({ page, person, halo }) => {
  const { keyboard } = page;
  await page.goto(sessionsPath);
  await page.getByRole('button', { name: 'Log out of this device' }).focus();
  await keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('button', { name: 'Cancel' })).toBeFocused();
  await keyboard.press('Tab');
  await expect(dialogOf(page).getByRole('button', { name: 'Log out' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await expect(page.getByText('Your session has ended')).toHaveCount(0);
  expect(new URL(page.url()).search).toBe('');
  expect((await halo.request('GET', '/v1/keys', { token: person.accessToken })).status).toBe(401);
});
