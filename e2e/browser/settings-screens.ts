import { expect, type Page } from '@playwright/test';
import { goodPassword } from '../halo.js';
import { signUpIn } from './browser-test.js';
import { logInByForm, successOf } from './console-steps.js';
import { apiOf } from './security-api.js';
import type { Walk } from './walk.js';

/** The walks through the screens of a person's own account. */
export const settingsWalks = {
  'API tokens': walkTokens,
  sessions: walkSessions,
  profile: walkProfile,
  'leaving for good': walkDeletion,
};

async function walkTokens(walk: Walk): Promise<void> {
  const { page, url, visit } = walk;
  const person = await signUpIn(page.context(), url);
  await page.goto('/home/settings/tokens');
  await expect(page.getByRole('heading', { name: 'No API tokens yet' })).toBeVisible();
  await visit('tokens-empty');

  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await visit('token-form');
  await dialog.getByRole('textbox', { name: 'Key prefix' }).fill('app');
  await dialog.getByRole('combobox', { name: 'Expires after' }).selectOption('date');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('Choose a date.')).toBeVisible();
  await visit('token-form-faults');

  await dialog.getByRole('textbox', { name: 'Name' }).fill('nightly backup');
  await dialog.getByRole('combobox', { name: 'Expires after' }).selectOption('30');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('This is the only time that you see it')).toBeVisible();
  await visit('token-secret');
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(dialog).toHaveCount(0);

  const api = apiOf(walk.halo, person);
  await api.createToken({ name: 'deployment', access: 'write' });
  await api.createToken({
    name: 'a dashboard that everybody looks at',
    access: 'read',
    prefix: 'stats/daily/',
  });
  await page.reload();
  await expect(page.getByText('3 of at most 100 tokens')).toBeVisible();
  await visit('tokens');

  await page.getByRole('button', { name: 'Revoke deployment' }).click();
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await visit('token-revoke');
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(successOf(page, 'Token revoked')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await visit('token-revoked');

  await failing(page, '**/v1/tokens', async () => {
    await page.reload();
    await expect(page.getByText('The tokens could not be loaded')).toBeVisible();
    await visit('tokens-failed');
  });
}

async function walkSessions({ page, halo, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  const devices = [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    'curl/8.11.0',
  ];
  for (const device of devices) await apiOf(halo, person).logInFrom(device);
  await page.goto('/home/settings/sessions');
  await expect(page.getByText('Safari 18 on iPhone')).toBeVisible();
  await visit('sessions');

  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'End the session of curl 8.11' }).click();
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await visit('session-end');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toHaveCount(0);
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await visit('sessions-end-others');
  await dialog.getByRole('button', { name: 'End all 2' }).click();
  await expect(page.getByText('You are logged in nowhere else.')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await visit('sessions-alone');

  await failing(page, '**/v1/sessions', async () => {
    await page.reload();
    await expect(page.getByText('The sessions could not be loaded')).toBeVisible();
    await visit('sessions-failed');
  });
}

async function walkProfile({ page, url, visit }: Walk): Promise<void> {
  await signUpIn(page.context(), url);
  await page.goto('/home/settings/profile');
  await expect(page.getByRole('heading', { name: 'Profile' })).toBeVisible();
  await visit('profile');

  const current = page.getByRole('textbox', { name: 'Current password' });
  const next = page.getByRole('textbox', { name: 'New password' });
  const change = page.getByRole('button', { name: 'Change password' });
  await current.fill('not the password');
  await next.fill('quite another phrase');
  await change.click();
  await expect(page.getByText('This is not your current password.')).toBeVisible();
  await next.fill('password1234');
  await change.click();
  await expect(page.getByText(/common|guess/i)).toBeVisible();
  await visit('password-refused');

  await limited(page, '**/v1/account/password', 90, async () => {
    await next.fill('quite another phrase');
    await change.click();
    await expect(page.getByText('Too many attempts')).toBeVisible();
    await visit('password-wait');
  });
}

async function walkDeletion({ page, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  await page.goto('/home/settings/profile');
  await page.getByRole('button', { name: 'Delete account…' }).click();
  await expect(page.getByRole('textbox', { name: 'Name of the account' })).toBeFocused();
  await page.getByRole('button', { name: 'Delete account', exact: true }).click();
  await expect(page.getByText('to confirm that you mean this account')).toBeVisible();
  await visit('deletion-form');
  await page.getByRole('textbox', { name: 'Name of the account' }).fill(person.name);
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(goodPassword);
  await page.getByRole('button', { name: 'Delete account', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: /for good/ });
  await expect(dialog.getByRole('button', { name: 'Keep the account' })).toBeFocused();
  await visit('deletion-question');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('Your account is deleted')).toBeVisible();
  await visit('deleted');

  await limited(page, '**/v1/auth/log-in', 90, async () => {
    await logInByForm(page, person);
    await expect(page.getByText('Too many attempts')).toBeVisible();
    await visit('log-in-wait');
  });
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(person.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
  const closed = { code: 'sign-up-closed', title: 'Closed', detail: 'Closed.', request_id: 'r-1' };
  const json = { ...closed, pointer: '/invite' };
  await page.route('**/v1/auth/sign-up', (route) => route.fulfill({ status: 403, json }));
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('textbox', { name: 'Invite code' })).toBeFocused();
  await visit('sign-up-invite');
}

/** An error that the console does not try to overcome by itself, which would take seconds. */
async function failing(page: Page, path: string, act: () => Promise<void>): Promise<void> {
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route(path, (route) => route.fulfill({ status: 500, json }));
  await act();
  await page.unroute(path);
}

/** A server that has had enough, for as long as it takes to look. */
async function limited(page: Page, path: string, seconds: number, act: () => Promise<void>): Promise<void> {
  const json = { code: 'rate-limited', title: 'Too many requests', detail: 'Wait.', request_id: 'r-1' };
  const headers = { 'Retry-After': String(seconds) };
  await page.route(path, (route) => route.fulfill({ status: 429, json, headers }));
  await act();
  await page.unroute(path);
}
