import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { goodPassword, newName } from '../halo.js';
import { expect, test } from './browser-test.js';
import {
  accessTokenDuring,
  detailOf,
  expectValue,
  flatUrl,
  logInByForm,
  logOutByMenu,
  openKeyOf,
  rowOf,
  rowsOf,
  save,
  searchField,
  setNewValue,
  startEditing,
  successOf,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';

async function signUpByForm(page: Page, name: string): Promise<void> {
  await page.goto('/home');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
  await page.getByRole('button', { name: 'Create account' }).click();
}

test('a person signs up, sets, gets, edits, finds and deletes a value, logs out, and logs in again', async ({
  page,
  halo,
}) => {
  const name = newName();
  await signUpByForm(page, name);
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  await expect(page.getByText('No keys yet.')).toBeVisible();

  const key = 'app/config/theme';
  await setNewValue(page, key, '{\n  "theme": "dark"\n}');
  await expect(rowOf(page, key)).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('1 key', { exact: true })).toBeVisible();

  const accessToken = await accessTokenDuring(page, () => visitKey(page, key));
  await expectValue(page, '{\n  "theme": "dark"\n}');
  await expect(detailOf(page).getByText('revision 1', { exact: true })).toBeVisible();

  await startEditing(page);
  await writeValue(page, '{ "theme": "light" }');
  await save(page);
  await expect(detailOf(page).getByText('revision 2', { exact: true })).toBeVisible();
  await expectValue(page, '{ "theme": "light" }');

  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(successOf(page, 'Moved to trash')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(0);
  await page.goBack();
  await expect(page.getByText('Not found')).toBeVisible();

  await logOutByMenu(page, name);
  const refused = await halo.request('GET', '/v1/keys', { token: accessToken });
  expect(refused.status).toBe(401);

  await logInByForm(page, { name, password: goodPassword });
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
});

test('the commands of the empty state work as they are pasted', async ({ page, person, halo }) => {
  await page.goto('/home');
  const commands = page.locator('pre');
  await expect(commands).toHaveCount(2);
  const script = (await commands.allInnerTexts()).join('\n');
  const shell = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  shell.stdin.end(`${person.password}\n`);
  const [output, complaints] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(output, complaints).toContain('"created":true');
  expect((await halo.read(person, 'hello')).toString()).toBe('{"hello":"world"}');
  await page.getByRole('button', { name: 'Reload the list' }).click();
  await rowOf(page, 'hello').click();
  await expectValue(page, '{"hello":"world"}');
});

test('the search asks the server, and Enter opens a key that is not in the list', async ({
  page,
  person,
  halo,
}) => {
  for (const key of ['app/a', 'app/b', 'users/1']) await halo.set(person, key, `"${key}"`);
  await page.goto(flatUrl());
  await expect(rowsOf(page)).toHaveText(['app/a', 'app/b', 'users/1']);
  await halo.set(person, 'users/2', '"second"');
  await halo.set(person, 'zone', '"found"');

  await searchField(page).fill('users/');
  await expect(rowsOf(page)).toHaveText(['users/1', 'users/2']);
  await searchField(page).fill('zone');
  await searchField(page).press('Enter');
  await expect(openKeyOf(page)).toHaveText('zone');
  await expectValue(page, '"found"');

  await searchField(page).fill('users/');
  await rowOf(page, 'users/2').click();
  await page.reload();
  await expect(searchField(page)).toHaveValue('users/');
  await expect(rowsOf(page)).toHaveText(['users/1', 'users/2']);
  await expect(rowOf(page, 'users/2')).toHaveAttribute('aria-selected', 'true');
  await expectValue(page, '"second"');

  await searchField(page).fill('nothing begins like this');
  await expect(page.getByText('No key begins with')).toBeVisible();
  await page.getByRole('button', { name: 'Create this key' }).click();
  await expect(page.getByRole('textbox', { name: 'Key', exact: true })).toHaveValue(
    'nothing begins like this',
  );
});

test('after log-out Back shows nothing of the account', async ({ page, person, halo }) => {
  await halo.set(person, 'private/key', '"private value"');
  await page.goto('/home');
  await rowOf(page, 'private/').click();
  await rowOf(page, 'private/key').click();
  await expectValue(page, '"private value"');
  await logOutByMenu(page, person.name);
  for (const step of ['goBack', 'goForward'] as const) {
    await page[step]();
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await expect(page.getByText('private')).toHaveCount(0);
    await expect(valueField(page)).toHaveCount(0);
  }
});

test('Back and Forward go through the keys that were opened', async ({ page, person, halo }) => {
  for (const key of ['first', 'second']) await halo.set(person, key, `"${key} value"`);
  await page.goto('/home');
  await rowOf(page, 'first').click();
  await expectValue(page, '"first value"');
  await rowOf(page, 'second').click();
  await expectValue(page, '"second value"');
  await page.goBack();
  await expectValue(page, '"first value"');
  await expect(rowOf(page, 'first')).toHaveAttribute('aria-selected', 'true');
  await page.goForward();
  await expectValue(page, '"second value"');
});

test('what the server cannot answer is said, and Retry tries again', async ({ page, person, halo }) => {
  await halo.set(person, 'a', '1');
  let answers: Promise<void> | undefined;
  let answer = () => {};
  await page.route('**/v1/keys?*', async (route) => {
    await answers;
    if (answers !== undefined) await route.continue();
    else
      await route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        headers: { 'X-Request-Id': 'request-of-test' },
        body: '{"code":"internal","status":500,"title":"Internal error","detail":"It broke."}',
      });
  });
  await page.goto('/home');
  const alert = page.getByRole('alert').filter({ hasText: 'The keys could not be loaded' });
  await expect(alert).toContainText('request-of-test');
  // What the page asks by itself meanwhile waits too, or the alert could go before it is clicked.
  answers = new Promise((resolve) => {
    answer = resolve;
  });
  await alert.getByRole('button', { name: 'Retry' }).click();
  answer();
  await expect(rowOf(page, 'a')).toBeVisible();
  await expect(alert).toHaveCount(0);
});
