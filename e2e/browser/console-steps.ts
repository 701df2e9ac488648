import { expect, type Locator, type Page } from '@playwright/test';
import type { Person } from '../halo.js';

/** The part of the keys screen that shows the key that is open. */
export function detailOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Detail' });
}

export function openKeyOf(page: Page): Locator {
  return detailOf(page).getByRole('heading', { level: 2 }).first();
}

export function rowsOf(page: Page): Locator {
  return page.getByRole('tree', { name: 'Keys' }).getByRole('treeitem');
}

/** The row of a key or, with the delimiter at the end, of a folder: its title is the whole of it. */
export function rowOf(page: Page, key: string): Locator {
  return rowsOf(page).and(page.getByTitle(key, { exact: true }));
}

/** Where the keys are listed by their whole names. */
export function flatUrl(prefix = ''): string {
  return `/home/keys?${new URLSearchParams({ ...(prefix === '' ? {} : { prefix }), view: 'flat' })}`;
}

export function valueField(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Value', exact: true });
}

export function searchField(page: Page): Locator {
  return page.getByRole('searchbox', { name: 'Search keys by prefix' });
}

export function successOf(page: Page, title: string): Locator {
  return page.getByRole('status').filter({ hasText: title });
}

/** Asserts what text a value shows, line by line. */
export async function expectValue(page: Page, text: string): Promise<void> {
  await expect.poll(() => valueField(page).allInnerTexts()).toEqual([text]);
}

/** Replaces all text in the editor. */
export async function writeValue(page: Page, text: string): Promise<void> {
  await valueField(page).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Opens a key by its address and waits until its value can be edited. */
export async function visitKey(page: Page, key: string): Promise<void> {
  await page.goto(urlOf(key));
  await expect(openKeyOf(page)).toHaveText(key);
}

export function urlOf(key: string): string {
  return `/home/keys?${new URLSearchParams({ key })}`;
}

export async function startEditing(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(valueField(page)).toBeFocused();
}

/** Saves, and waits until it is said that it was and the value is there to read. */
export async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeVisible();
  await expect(successOf(page, 'Saved').last()).toBeVisible();
}

/** Writes over the open draft and saves it, expecting nothing. */
export async function trySave(page: Page, text: string): Promise<void> {
  await writeValue(page, text);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
}

/** Sets a key that does not exist yet, with the form, and waits until it is open. */
export async function setNewValue(page: Page, key: string, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Set a value', exact: true }).first().click();
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill(key);
  await writeValue(page, text);
  await save(page);
}

export async function logInByForm(page: Page, { name, password }: Pick<Person, 'name' | 'password'>) {
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

export async function logOutByMenu(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
}

/** Returns the access token that a page sends along with what it asks for while acting. */
export async function accessTokenDuring(page: Page, act: () => Promise<unknown>): Promise<string> {
  const asked = page.waitForRequest((request) => request.headers().authorization !== undefined);
  await act();
  const { authorization = '' } = (await asked).headers();
  return authorization.replace(/^Bearer /, '');
}
