import { expect } from '@playwright/test';
import { signUpIn } from './browser-test.js';
import { successOf } from './console-steps.js';
import type { Walk } from './walk.js';

/** The navigation, the palette, and the screens that come with the frame. */
export async function walkFrame({ page, halo, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  const dialog = (name: string) => page.getByRole('dialog', { name });

  await page.goto('/home/trash');
  await expect(page.getByRole('heading', { name: 'The trash is empty' })).toBeVisible();
  await visit('trash-empty');
  for (const key of ['kept', 'tmp/1', 'tmp/2']) await halo.set(person, key, `"${key}"`);
  for (const key of ['tmp/1', 'tmp/2']) await halo.delete(person, key);
  await expect(page.getByRole('button', { name: 'Restore tmp/2' })).toBeVisible();
  await page.getByRole('checkbox', { name: 'Select tmp/1' }).check();
  await visit('trash');
  await page.getByRole('button', { name: 'Purge tmp/2' }).click();
  await expect(dialog('Purge key?')).toBeVisible();
  await visit('trash-purge');
  await dialog('Purge key?').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Restore tmp/1' }).click();
  await expect(successOf(page, 'Restored 1 key')).toBeVisible();
  await visit('trash-restored');

  await page.goto('/home/activity');
  await page.getByRole('button', { name: 'Undo revision 2' }).click();
  await expect(page.getByRole('alert')).toContainText('Not undone');
  await visit('activity');
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route('**/v1/audit?*', (route) => route.fulfill({ status: 500, json }));
  await page.getByRole('tab', { name: 'Security' }).click();
  await expect(page.getByRole('alert')).toContainText('could not be loaded');
  await visit('security-failed');

  await page.goto('/home/settings/appearance');
  await expect(page.getByRole('heading', { name: 'Appearance' })).toBeVisible();
  await visit('appearance');
  await page.keyboard.press('?');
  await expect(dialog('Keyboard shortcuts')).toBeVisible();
  await visit('shortcuts');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.keyboard.press('ControlOrMeta+k');
  await page.getByRole('combobox', { name: 'Search or jump to' }).fill('k');
  await expect(page.getByRole('option', { name: 'kept' })).toBeVisible();
  await visit('palette');
  await page.keyboard.type('ey nowhere');
  await expect(page.getByText('Nothing begins like this.')).toBeVisible();
  await visit('palette-empty');
  await page.keyboard.press('Escape');

  await page.goto('/home/nowhere');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  await visit('not-found');
  await page.route('**/assets/trash-screen-*.js', (route) => route.abort());
  await page.goto('/home/trash');
  await expect(page.getByRole('heading', { name: 'This screen could not be loaded' })).toBeVisible();
  await visit('screen-missing');

  const menu = page.getByRole('button', { name: 'Navigation' });
  if (await menu.isVisible()) {
    await menu.click();
    await expect(dialog('Halo')).toBeVisible();
    await visit('drawer');
  }
}
