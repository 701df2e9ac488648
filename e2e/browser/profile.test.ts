import type { Page } from '@playwright/test';
import { goodPassword, type Halo, newName } from '../halo.js';
import { until } from '../until.js';
import { expect, test } from './browser-test.js';
import { logInByForm, successOf } from './console-steps.js';
import { apiOf } from './security-api.js';

const profilePath = '/home/settings/profile';
const newPassword = 'seven herons in a grey estuary';

async function changeByForm(page: Page, current: string, next: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Current password' }).fill(current);
  await page.getByRole('textbox', { name: 'New password' }).fill(next);
  await page.getByRole('button', { name: 'Change password' }).click();
}

/** Guesses until the name has to wait for that many seconds; what is refused meanwhile is not counted. */
async function guessUntil(halo: Halo, name: string, waitS: number): Promise<void> {
  await until(
    `A wait of ${waitS} s`,
    async () => {
      const response = await halo.post('/v1/auth/log-in', { name, password: 'not the password' });
      await response.arrayBuffer();
      return response.status === 429 && Number(response.headers.get('retry-after')) >= waitS;
    },
    30_000,
  );
}

test('the profile says who one is', async ({ page, person }) => {
  await page.goto(profilePath);
  const account = page.getByRole('region', { name: 'Account', exact: true });
  await expect(account).toContainText(person.name);
  await expect(account).toContainText(person.id);
  await expect(account).toContainText('just now');
});

test('a changed password ends the other browser’s session, and counts from then on', async ({
  page,
  person,
  halo,
  newBrowser,
}) => {
  const { token } = await apiOf(halo, person).createToken({ name: 'stays', access: 'read' });
  const other = await (await newBrowser()).newPage();
  await other.goto('/home');
  await logInByForm(other, person);
  await expect(other.getByRole('button', { name: person.name, exact: true })).toBeVisible();

  await page.goto(profilePath);
  await changeByForm(page, person.password, newPassword);
  await expect(successOf(page, 'Password changed')).toContainText('All other sessions were ended.');
  await expect(page.getByRole('textbox', { name: 'Current password' })).toHaveValue('');
  await expect(page.getByRole('textbox', { name: 'New password' })).toHaveValue('');

  await expect(other.getByText('Your session has ended. Log in to go on.')).toBeVisible();
  await logInByForm(other, person);
  await expect(other.getByRole('alert')).toContainText('Wrong name or password');
  await logInByForm(other, { name: person.name, password: newPassword });
  await expect(other.getByRole('button', { name: person.name, exact: true })).toBeVisible();
  // The session that changed it goes on, and so do API tokens unless asked otherwise.
  await page.reload();
  await expect(page.getByRole('button', { name: person.name, exact: true })).toBeVisible();
  expect((await halo.request('GET', '/v1/keys', { token })).status).toBe(200);
});

test('API tokens end with the password when asked', async ({ page, person, halo }) => {
  const { token } = await apiOf(halo, person).createToken({ name: 'goes', access: 'read' });
  await page.goto(profilePath);
  await page.getByRole('checkbox', { name: 'Revoke all API tokens too' }).check();
  await changeByForm(page, person.password, newPassword);
  await expect(successOf(page, 'Password changed')).toContainText('all API tokens revoked');
  await expect(page.getByRole('checkbox', { name: 'Revoke all API tokens too' })).not.toBeChecked();
  expect((await halo.request('GET', '/v1/keys', { token })).status).toBe(401);
});

test('a wrong password is said beside its field, is tried once, and ends nothing', async ({
  page,
  person,
}) => {
  await page.goto(profilePath);
  // The page as it begins may ask for a new access token.
  await expect(page.getByRole('textbox', { name: 'Current password' })).toBeVisible();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await changeByForm(page, 'not my password', newPassword);
  await expect(page.getByText('This is not your current password.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Current password' })).toBeFocused();
  expect(asked.filter((path) => path === '/v1/account/password')).toHaveLength(1);
  expect(asked).not.toContain('/v1/auth/refresh');
  await expect(page.getByRole('button', { name: person.name, exact: true })).toBeVisible();

  await changeByForm(page, person.password, person.name);
  await expect(page.getByText('The password is the account’s name.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'New password' })).toBeFocused();
  await changeByForm(page, person.password, 'short');
  await expect(page.getByText(/Use at least 12 characters/)).toBeVisible();
  await changeByForm(page, person.password, person.password);
  await expect(page.getByText('This is the password that you have now.')).toBeVisible();
});

test('who guesses has to wait, sees how long, and goes on afterwards', async ({ page, halo }) => {
  const { name } = await halo.signUp();
  await page.goto('/home/login');
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill('not the password');
  await guessUntil(halo, name, 4);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toContainText('Too many attempts');
  await expect(page.getByRole('alert')).toContainText(/You can try again in \d seconds?\./);
  await expect(page.getByRole('button', { name: /^Try again in \d s$/ })).toBeDisabled();

  // Another name has not been guessed at.
  await page.getByRole('textbox', { name: 'Name' }).fill(`${name}x`);
  await expect(page.getByRole('button', { name: 'Log in' })).toBeEnabled();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Log in' }).click();

  await expect(page.getByText('You can try again now.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
});

test('who guesses at the current password has to wait too', async ({ page, person, halo }) => {
  await page.goto(profilePath);
  const { accessToken: token } = person;
  const body = JSON.stringify({ current_password: 'not my password', new_password: newPassword });
  const headers = { 'content-type': 'application/json' };
  await until(
    'A wait of 4 s',
    async () => {
      const response = await halo.request('POST', '/v1/account/password', { token, headers, body });
      await response.arrayBuffer();
      return Number(response.headers.get('retry-after') ?? 0) >= 4;
    },
    30_000,
  );
  await changeByForm(page, person.password, newPassword);
  await expect(page.getByRole('alert')).toContainText('Too many attempts');
  await expect(page.getByRole('button', { name: /^Try again in \d s$/ })).toBeDisabled();
  await expect(page.getByText('You can try again now.')).toBeVisible();
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(successOf(page, 'Password changed')).toBeVisible();
});

test('an account is deleted by name and password, by keyboard alone', async ({ page, person, halo }) => {
  await halo.set(person, 'last/key', '1');
  const { keyboard } = page;
  await page.goto(profilePath);
  await expect(page.getByRole('link', { name: 'Export your keys' })).toHaveAttribute('href', /\/transfer$/);
  await page.getByRole('button', { name: 'Delete account…' }).focus();
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Name of the account' })).toBeFocused();
  await keyboard.type('somebody else');
  await keyboard.press('Enter');
  await expect(page.getByText('to confirm that you mean this account')).toBeVisible();
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type(person.name);
  await keyboard.press('Tab');
  await keyboard.type('not my password');
  await keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: `Delete ${person.name} for good?` });
  await expect(question.getByRole('button', { name: 'Keep the account' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(page.getByText('This is not your password. Nothing was deleted.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Password', exact: true })).toBeFocused();

  await keyboard.press('ControlOrMeta+a');
  await keyboard.type(person.password);
  await keyboard.press('Enter');
  await expect(question.getByRole('button', { name: 'Keep the account' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(page.getByText('Your account is deleted')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  expect(new URL(page.url()).search).toBe('');
  expect((await halo.request('GET', '/v1/keys', { token: person.accessToken })).status).toBe(401);
  await logInByForm(page, person);
  await expect(page.getByRole('alert')).toContainText('Wrong name or password');
  await halo.signUp(person.name);
});

test('sign-up asks for an invite code where it takes one, and says when it is closed', async ({ page }) => {
  // What the server answers depends on how its operator has set it up; the page is told here.
  const sent: unknown[] = [];
  let pointer: string | undefined = '/invite';
  await page.route('**/v1/auth/sign-up', (route) => {
    const body = route.request().postDataJSON() as Record<string, unknown>;
    sent.push(body.invite);
    if (body.invite === 'good code') return route.continue({ postData: { ...body, invite: undefined } });
    const json = { code: 'sign-up-closed', title: 'T', detail: 'D', request_id: 'r', pointer };
    return route.fulfill({ status: 403, json });
  });
  const name = newName();
  const invite = page.getByRole('textbox', { name: 'Invite code' });
  const create = page.getByRole('button', { name: 'Create account' });
  await page.goto('/home/signup');
  await expect(invite).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
  await create.click();
  await expect(invite).toBeFocused();
  await invite.fill('bad code');
  await create.click();
  await expect(page.getByText('Enter an invite code that is still good.')).toBeVisible();
  pointer = undefined;
  await create.click();
  await expect(page.getByRole('alert')).toContainText('Nobody can sign up here');
  await expect(page.getByRole('alert')).toBeFocused();
  await invite.fill(' good code ');
  await create.click();
  await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
  expect(sent).toEqual([undefined, 'bad code', 'bad code', 'good code']);
});

test('a disabled account is told from a wrong password', async ({ page }) => {
  const json = { code: 'account-disabled', title: 'T', detail: 'D', request_id: 'r' };
  await page.route('**/v1/auth/log-in', (route) => route.fulfill({ status: 403, json }));
  await page.goto('/home/login');
  await logInByForm(page, { name: newName(), password: goodPassword });
  await expect(page.getByRole('alert')).toContainText('This account is disabled');
  await expect(page.getByRole('alert')).toContainText('Its data is kept');
});
