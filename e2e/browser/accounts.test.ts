import { goodPassword, newName } from '../halo.js';
import { expect, test } from './browser-test.js';
import {
  logInByForm,
  logOutByMenu,
  rowOf,
  startEditing,
  urlOf,
  visitKey,
  writeValue,
} from './console-steps.js';

test('a wrong password and an unknown name get one and the same error, with the focus on it', async ({
  page,
  halo,
}) => {
  const { name } = await halo.signUp();
  await page.goto('/home/login');
  const alert = page.getByRole('alert');
  for (const wrong of [
    { name, password: 'not the right password' },
    { name: newName(), password: goodPassword },
  ]) {
    await logInByForm(page, wrong);
    await expect(alert).toHaveText('Wrong name or passwordCheck both and try again.');
    await expect(alert).toBeFocused();
    await page.reload();
  }
  await logInByForm(page, { name, password: goodPassword });
  await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
});

test('a taken name, a weak password and what is missing are said beside their fields', async ({
  page,
  halo,
}) => {
  const taken = await halo.signUp();
  await page.goto('/home/signup');
  const name = page.getByRole('textbox', { name: 'Name' });
  const password = page.getByRole('textbox', { name: 'Password' });
  const submit = page.getByRole('button', { name: 'Create account' });

  await submit.click();
  await expect(name).toHaveAccessibleDescription(/^Use 3 to 64 characters/);
  await expect(name).toBeFocused();

  await name.fill(taken.name);
  await password.fill(goodPassword);
  await submit.click();
  await expect(name).toHaveAccessibleDescription(/taken/);
  await expect(name).toBeFocused();

  await name.fill(newName());
  await password.fill('short');
  await submit.click();
  await expect(password).toHaveAccessibleDescription(/at least 12 characters; this has 5/);
  await password.fill('passwordpassword');
  await submit.click();
  await expect(password).toHaveAccessibleDescription(/common|guess/i);
  await expect(password).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);

  await password.fill(goodPassword);
  await submit.click();
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
});

test('logging out in one tab logs out the other', async ({ page, context, person, halo }) => {
  await halo.set(person, 'private', '"private value"');
  await page.goto('/home');
  const other = await context.newPage();
  await other.goto(urlOf('private'));
  await expect(other.getByText('private value')).toBeVisible();
  await page.bringToFront();
  await logOutByMenu(page, person.name);
  await other.bringToFront();
  await expect(other.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await expect(other.getByText('private')).toHaveCount(0);
});

test('who logs in from the address of a key comes to that key', async ({ page, halo }) => {
  const person = await halo.signUp();
  await halo.set(person, 'deep/link', '"here"');
  await page.goto(urlOf('deep/link'));
  await logInByForm(page, person);
  await expect(rowOf(page, 'deep/link')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('"here"')).toBeVisible();
});

test('logging out with a draft asks first', async ({ page, person, halo }) => {
  await halo.set(person, 'draft', '"before"');
  await visitKey(page, 'draft');
  await startEditing(page);
  await writeValue(page, '"unsaved"');
  await page.getByRole('button', { name: person.name, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expect(page.getByText('"unsaved"')).toBeVisible();
  await page.getByRole('button', { name: person.name, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await question.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
});

test('another account that logs in gets “not found” at the first one’s key', async ({
  page,
  person,
  halo,
  newBrowser,
}) => {
  await halo.set(person, 'mine', '"my value"');
  await visitKey(page, 'mine');
  await expect(page.getByText('"my value"')).toBeVisible();
  const other = await halo.signUp();
  const theirs = await (await newBrowser()).newPage();
  await theirs.goto(urlOf('mine'));
  await logInByForm(theirs, other);
  await expect(theirs.getByText('Not found')).toBeVisible();
  await expect(theirs.getByText('my value')).toHaveCount(0);
  await page.bringToFront();
  await logOutByMenu(page, person.name);
  await logInByForm(page, other);
  await expect(page.getByRole('button', { name: other.name, exact: true })).toBeVisible();
  await page.goto(urlOf('mine'));
  await expect(page.getByText('Not found')).toBeVisible();
  await expect(page.getByText('my value')).toHaveCount(0);
});
