import { expect } from '@playwright/test';
import type { Person } from '../halo.js';
import {
  expectValue,
  openKeyOf,
  startEditing,
  successOf,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';
import { openSample } from './sample-keys.js';
import type { Walk } from './walk.js';

/** A picture of two by two pixels, red, green, blue and half transparent. */
export const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAFklEQVR4nGP4z8DwHwgZgOA/AwiAAAB2EQn7SbmTfAAAAABJRU5ErkJggg==',
  'base64',
);

/** The tabs of a key that is open, except its history. */
export async function walkTabs(walk: Walk): Promise<void> {
  await walkCode(walk);
  await walkMetadata(walk);
}

async function walkCode({ page, visit }: Walk): Promise<void> {
  await visitKey(page, openSample);
  await expect(valueField(page)).toBeVisible();
  await page.getByRole('tab', { name: 'Code' }).click();
  for (const language of ['JavaScript', 'CLI', 'curl']) {
    await page.getByText(language, { exact: true }).click();
    await expect(page.getByRole('region', { name: 'Get' })).toBeVisible();
    await visit(`code-${language.toLowerCase()}`);
  }
}

async function walkMetadata({ page, visit }: Walk): Promise<void> {
  await page.getByRole('tab', { name: 'Metadata' }).click();
  await expect(page.getByRole('rowheader', { name: 'owner' })).toBeVisible();
  await visit('metadata');
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByRole('button', { name: 'Add a row' }).click();
  await page.getByRole('textbox', { name: 'Name 3' }).fill('owner');
  await page.getByRole('textbox', { name: 'Value 1' }).fill('platform');
  await expect(page.getByText('This name is there twice.').first()).toBeVisible();
  await visit('metadata-faults');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('button', { name: 'Change expiry' }).click();
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByText('Enter a number above 0.')).toBeVisible();
  await visit('expiry');
  await page.getByText('At', { exact: true }).click();
  await visit('expiry-at');
  await page.getByRole('button', { name: 'Cancel' }).click();
}

/** The versions of a key, and how they differ. */
export async function walkHistory({ page, halo, visit }: Walk, person: Person): Promise<void> {
  await visitKey(page, openSample);
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('region', { name: 'Versions' }).getByRole('button').first()).toBeVisible();
  await expect(page.locator('.cm-mergeView, .cm-editor').first()).toBeVisible();
  await visit('history');
  await page.getByText('Value', { exact: true }).last().click();
  await expect(page.getByRole('textbox', { name: /^Value of revision/ })).toBeVisible();
  await visit('history-value');

  await halo.set(
    person,
    'assets/noise.bin',
    Uint8Array.from({ length: 64 }, (_, at) => 255 - at),
  );
  await page.goto('/home/keys?key=assets%2Fnoise.bin&tab=history');
  await expect(page.locator('.cm-changedLine').first()).toBeVisible();
  await visit('history-bytes');
  await halo.delete(person, 'assets/noise.bin');
  await page.reload();
  await expect(page.getByText('Here the key was deleted')).toBeVisible();
  await visit('history-deleted');
}

/** Pictures, bytes and files, and a save that is refused. */
export async function walkViewers({ page, halo, visit }: Walk, person: Person): Promise<void> {
  await halo.set(person, 'assets/dot.png', tinyPng, { headers: { 'content-type': 'image/png' } });
  await visitKey(page, 'assets/dot.png');
  await expect(page.getByText('2 × 2 pixels')).toBeVisible();
  await visit('image');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const hex = page.getByRole('textbox', { name: 'Value in hex' });
  await expect(hex).toBeFocused();
  await page.keyboard.insertText('xyz ');
  await expect(page.getByText(/^Not valid hex/)).toBeVisible();
  await visit('hex-editing');
  await page.locator('input[type=file]').last().setInputFiles({
    name: 'photo.png',
    mimeType: 'image/png',
    buffer: tinyPng,
  });
  await expect(page.getByText('“photo.png”')).toBeVisible();
  await visit('file-chosen');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();

  await visitKey(page, 'app/config/theme');
  await startEditing(page);
  const json = { code: 'quota-exceeded', title: 'Full', detail: 'The account has all the keys it may have.' };
  await page.route('**/v1/keys/**', (route) =>
    route.request().method() === 'PUT' ? route.fulfill({ status: 507, json }) : route.continue(),
  );
  await writeValue(page, '{}');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Your account is full');
  await visit('account-full');
  await page.unroute('**/v1/keys/**');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
}

/** Another name for a key. */
export async function walkTransfers({ page, visit }: Walk): Promise<void> {
  await visitKey(page, 'app/config/theme');
  await expect(valueField(page)).toBeVisible();
  await page.getByRole('button', { name: 'More for this key' }).click();
  await expect(page.getByRole('menuitem', { name: 'Rename…' })).toBeFocused();
  await visit('key-menu');
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rename key' });
  await expect(dialog.getByRole('textbox', { name: 'New name' })).toBeFocused();
  await visit('rename');
  await dialog.getByRole('textbox', { name: 'New name' }).fill(openSample);
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(dialog.getByText('A key of this name exists already.')).toBeVisible();
  await visit('rename-taken');
  await dialog.getByRole('textbox', { name: 'New name' }).fill('app/config/look');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(openKeyOf(page)).toHaveText('app/config/look');
  await expect(successOf(page, 'Renamed')).toBeVisible();
  await expectValue(page, '{\n  "accent": "#4F5BD5",\n  "density": "compact",\n  "font": "Geist"\n}');
  await visit('renamed');
}
