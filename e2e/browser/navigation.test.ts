import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import { logInByForm, rowOf } from './console-steps.js';

const screens = {
  Trash: '/home/trash',
  Transfer: '/home/transfer',
  Activity: '/home/activity',
  Usage: '/home/usage',
  Profile: '/home/settings/profile',
  'API tokens': '/home/settings/tokens',
  Sessions: '/home/settings/sessions',
  Appearance: '/home/settings/appearance',
};

const navigationOf = (page: Page) => page.getByRole('navigation', { name: 'Screens' });
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });

test('every screen has an address, a title and the focus on its heading', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  await page.goto('/home');
  await expect(page).toHaveTitle('Keys · Halo');
  for (const [name, path] of Object.entries(screens)) {
    const link = navigationOf(page).getByRole('link', { name, exact: true });
    await link.click();
    await expect(heading(page, name)).toBeFocused();
    await expect(page).toHaveTitle(`${name} · Halo`);
    await expect(page).toHaveURL(path);
    await expect(link).toHaveAttribute('aria-current', 'page');
  }
  await page.goBack();
  await expect(heading(page, 'Sessions')).toBeFocused();
  await page.reload();
  await expect(heading(page, 'Sessions')).toBeVisible();
  await navigationOf(page).getByRole('link', { name: 'Keys' }).click();
  await expect(page).toHaveTitle('Keys · Halo');
});

test('the navigation can be walked by keyboard, and the content be skipped to', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  await page.goto('/home/settings');
  await expect(heading(page, 'Profile')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await navigationOf(page).getByRole('link', { name: 'Keys' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(heading(page, 'Trash')).toBeFocused();
});

test('a narrow window has the navigation in a drawer, which a choice closes', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  await page.setViewportSize({ width: 360, height: 720 });
  await page.goto('/home/keys');
  await expect(navigationOf(page)).toBeHidden();
  await page.getByRole('button', { name: 'Navigation' }).click();
  const drawer = page.getByRole('dialog', { name: 'Halo' });
  await drawer.getByRole('link', { name: 'Trash' }).click();
  await expect(drawer).toBeHidden();
  await expect(heading(page, 'Trash')).toBeFocused();
  for (const path of ['/home/keys', ...Object.values(screens)]) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  }
});

test('logging in leads back to any screen, and to no other place', async ({ page, halo, newBrowser }) => {
  const person = await halo.signUp();
  await page.goto('/home/activity?tab=security');
  await logInByForm(page, person);
  await expect(page.getByRole('tab', { name: 'Security', selected: true })).toBeVisible();
  await expect(page).toHaveURL('/home/activity?tab=security');

  for (const next of ['//example.com', 'https://example.com', '/\\example.com', '']) {
    const other = await (await newBrowser()).newPage();
    await other.goto(`/home/login?${new URLSearchParams({ next })}`);
    await logInByForm(other, person);
    await expect(heading(other, 'Keys')).toBeAttached();
    await expect(other).toHaveURL('/home/keys');
  }
});

test('an address that leads nowhere says so, within the frame and without', async ({ page, halo }) => {
  const person = await halo.signUp();
  await page.goto('/home/no/such/page');
  await expect(heading(page, 'There is no such page')).toBeVisible();
  await expect(page).toHaveTitle('Page not found · Halo');
  await page.getByRole('link', { name: 'Go to your keys' }).click();
  await logInByForm(page, person);
  await expect(heading(page, 'Keys')).toBeAttached();
  await page.goto('/home/no/such/page');
  await expect(heading(page, 'There is no such page')).toBeVisible();
  await navigationOf(page).getByRole('link', { name: 'Usage' }).click();
  await expect(heading(page, 'Usage')).toBeVisible();
});

test('a screen whose code is gone offers to reload, and the others still work', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'still/there', '1');
  await page.route('**/assets/trash-screen-*.js', (route) => route.abort());
  await page.goto('/home');
  await navigationOf(page).getByRole('link', { name: 'Trash' }).click();
  await expect(page.getByRole('alert')).toContainText('Halo may have been updated');
  await navigationOf(page).getByRole('link', { name: 'Keys' }).click();
  await expect(rowOf(page, 'still/')).toBeVisible();
  await page.goto('/home/trash');
  await expect(heading(page, 'This screen could not be loaded')).toBeVisible();
  await page.unroute('**/assets/trash-screen-*.js');
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(heading(page, 'Trash')).toBeVisible();
});

test('the shortcuts are listed, and those of a single key can be turned off', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await page.goto('/home/settings/appearance');
  await expect(heading(page, 'Appearance')).toBeVisible();
  await page.keyboard.press('?');
  await expect(sheet.getByText('Save', { exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();

  await page.getByRole('switch', { name: 'Shortcuts of a single key' }).click();
  await page.reload();
  await expect(page.getByRole('switch', { name: 'Shortcuts of a single key' })).not.toBeChecked();
  await page.keyboard.press('?');
  await page.keyboard.press('ControlOrMeta+/');
  await expect(sheet).toHaveCount(1);
  await expect(sheet.getByText('Set a value for a new key')).toHaveCount(0);
  await expect(sheet.getByText('Save', { exact: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.goto('/home');
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL('/home/keys');
});

test('the theme is chosen by keyboard and kept in this browser', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/home/settings/appearance');
  await page.getByRole('radio', { name: 'As the system' }).focus();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked();
  await expect(page.locator(':root[data-mantine-color-scheme="dark"]')).toBeAttached();
  await page.reload();
  await expect(page.locator(':root[data-mantine-color-scheme="dark"]')).toBeAttached();
});
