import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import {
  expectValue,
  openKeyOf,
  save,
  startEditing,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';

const fieldOf = (page: Page) => page.getByRole('combobox', { name: 'Search or jump to' });
const optionOf = (page: Page, name: string) => page.getByRole('option', { name, exact: true });

async function openPalette(page: Page): Promise<void> {
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('ControlOrMeta+k');
  await expect(fieldOf(page)).toBeFocused();
}

test('Mod+K opens inside the editor, Escape goes back to the draft', async ({ page, person, halo }) => {
  await halo.set(person, 'draft', '"before"');
  await visitKey(page, 'draft');
  await startEditing(page);
  await writeValue(page, '"typed"');
  await openPalette(page);
  await page.keyboard.press('Escape');
  await expect(valueField(page)).toBeFocused();
  await expect(valueField(page)).toHaveText('"typed"');

  await openPalette(page);
  await fieldOf(page).fill('trash');
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog', { name: 'Discard your changes?' })
    .getByRole('button', { name: 'Keep editing' })
    .click();
  await expect(valueField(page)).toHaveText('"typed"');
  await save(page);
  await expectValue(page, '"typed"');
});

test('it finds keys on the server that no list has loaded, and opens them by keyboard', async ({
  page,
  person,
  halo,
}) => {
  await page.goto('/home/usage');
  await expect(page.getByRole('heading', { name: 'Usage' })).toBeVisible();
  for (const key of ['users/1', 'users/2', 'zone']) await halo.set(person, key, `"${key}"`);
  await openPalette(page);
  await page.keyboard.type('users/');
  await expect(page.getByRole('option')).toHaveText(['users/1', 'users/2']);
  await expect(optionOf(page, 'users/1')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  const second = optionOf(page, 'users/2');
  await expect(second).toHaveAttribute('aria-selected', 'true');
  await expect(fieldOf(page)).toHaveAttribute(
    'aria-activedescendant',
    (await second.getAttribute('id')) ?? '',
  );
  await page.keyboard.press('Enter');
  await expect(openKeyOf(page)).toHaveText('users/2');
  await expectValue(page, '"users/2"');

  await openPalette(page);
  await page.keyboard.type('users/none');
  await expect(page.getByText('Nothing begins like this.')).toBeVisible();
});

test('it leads to every screen and does what can be done from anywhere', async ({ page, person }) => {
  await page.goto('/home');
  await page.getByRole('button', { name: 'Search or jump to…' }).click();
  await fieldOf(page).fill('sess');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeFocused();

  await openPalette(page);
  await fieldOf(page).fill('dark');
  await page.keyboard.press('Enter');
  await expect(page.locator(':root[data-mantine-color-scheme="dark"]')).toBeAttached();

  await openPalette(page);
  await fieldOf(page).fill('shortcuts');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await openPalette(page);
  await fieldOf(page).fill('new key');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Key', exact: true })).toBeFocused();

  await openPalette(page);
  await fieldOf(page).fill('log out');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await expect(page.getByText(person.name)).toHaveCount(0);
});

test('what cannot be searched is said, and the rest still works', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.goto('/home/usage');
  // A key that is pressed before the console listens is nobody's.
  await expect(page.getByRole('heading', { name: 'Usage', exact: true })).toBeVisible();
  await page.route('**/v1/keys**', (route) => route.fulfill({ status: 500, json }));
  await openPalette(page);
  await fieldOf(page).fill('tr');
  await expect(page.getByText('Keys could not be searched. Something broke.')).toBeVisible();
  await optionOf(page, 'Trash').click();
  await expect(page.getByRole('heading', { name: 'Trash', exact: true })).toBeFocused();
});
