import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import {
  accessTokenDuring,
  detailOf,
  expectValue,
  rowOf,
  save,
  startEditing,
  successOf,
  trySave,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';

const key = 'shared/key';

function conflictOf(page: Page) {
  return page.getByRole('dialog', { name: 'This key changed while you were editing' });
}

test.describe('when two tabs edit one key', () => {
  test.beforeEach(async ({ page, context, person, halo }) => {
    await halo.set(person, key, '"before"');
    const other = await context.newPage();
    for (const tab of [page, other]) {
      await tab.bringToFront();
      await visitKey(tab, key);
      await startEditing(tab);
    }
    await writeValue(other, '"theirs"');
    await save(other);
    await page.bringToFront();
    await trySave(page, '"mine"');
    const conflict = conflictOf(page);
    await expect(conflict.getByRole('region', { name: 'Theirs, revision 2' })).toContainText('"theirs"');
    await expect(conflict.getByRole('region', { name: 'Mine, not saved' })).toContainText('"mine"');
    expect((await halo.read(person, key)).toString()).toBe('"theirs"');
  });

  test('the second may use what the first saved', async ({ page, person, halo }) => {
    await conflictOf(page).getByRole('button', { name: 'Use theirs' }).click();
    await expectValue(page, '"theirs"');
    await expect(detailOf(page).getByText('revision 2', { exact: true })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Edit', exact: true })).toBeVisible();
    expect((await halo.read(person, key)).toString()).toBe('"theirs"');
  });

  test('the second may overwrite it', async ({ page, person, halo }) => {
    await conflictOf(page).getByRole('button', { name: 'Overwrite with mine' }).click();
    await expect(successOf(page, 'Saved')).toBeVisible();
    await expectValue(page, '"mine"');
    await expect(detailOf(page).getByText('revision 3', { exact: true })).toBeVisible();
    expect((await halo.read(person, key)).toString()).toBe('"mine"');
  });

  test('the second may keep editing, and is asked again', async ({ page, person, halo }) => {
    await conflictOf(page).getByRole('button', { name: 'Keep editing' }).click();
    await expect(conflictOf(page)).toHaveCount(0);
    await expectValue(page, '"mine"');
    await expect(page.getByText('Changed elsewhere')).toBeVisible();
    await trySave(page, '"mine, later"');
    await expect(conflictOf(page).getByRole('region', { name: 'Mine, not saved' })).toContainText(
      '"mine, later"',
    );
    expect((await halo.read(person, key)).toString()).toBe('"theirs"');
  });

  test('overwriting what changed once more shows the newest', async ({ page, person, halo }) => {
    await halo.set(person, key, '"newest"');
    await conflictOf(page).getByRole('button', { name: 'Overwrite with mine' }).click();
    await expect(conflictOf(page).getByRole('region', { name: 'Theirs, revision 3' })).toContainText(
      '"newest"',
    );
    expect((await halo.read(person, key)).toString()).toBe('"newest"');
  });
});

test('a key that was deleted elsewhere can be created again', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await startEditing(page);
  expect((await halo.delete(person, key)).ok).toBe(true);
  await trySave(page, '"mine"');
  const dialog = page.getByRole('dialog', { name: 'This key was deleted while you were editing' });
  await dialog.getByRole('button', { name: 'Create again' }).click();
  await expect(successOf(page, 'Saved')).toBeVisible();
  await expectValue(page, '"mine"');
  expect((await halo.read(person, key)).toString()).toBe('"mine"');
});

test('a key that was deleted elsewhere can be let go', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await startEditing(page);
  expect((await halo.delete(person, key)).ok).toBe(true);
  await trySave(page, '"mine"');
  await page.getByRole('dialog').getByRole('button', { name: 'Discard mine' }).click();
  await expect(page.getByText('Not found')).toBeVisible();
  expect((await halo.get(person, key)).status).toBe(404);
});

test('creating a key refuses one that exists, and leads to it', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await page.goto('/home');
  await page.getByRole('button', { name: 'Set a value' }).first().click();
  const field = page.getByRole('textbox', { name: 'Key', exact: true });
  await field.fill(key);
  await trySave(page, '"mine"');
  await expect(field).toHaveAccessibleDescription(/already exists/);
  await expect(field).toBeFocused();
  expect((await halo.read(person, key)).toString()).toBe('"before"');
  await page.getByRole('button', { name: 'Open it' }).click();
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await question.getByRole('button', { name: 'Discard' }).click();
  await expectValue(page, '"before"');
});

test('a delete spares what was changed meanwhile', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await expectValue(page, '"before"');
  await halo.set(person, key, '"newer"');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Not deleted');
  await expectValue(page, '"newer"');
  expect((await halo.read(person, key)).toString()).toBe('"newer"');
});

test('a delete whose answer was lost is not said to have failed', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await page.route('**/v1/keys/**', async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    await route.fetch();
    await route.abort();
  });
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('It is not known whether this was done');
  expect((await halo.get(person, key)).status).toBe(404);
});

test('a draft outlasts the network', async ({ page, context, person, halo }) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await startEditing(page);
  await context.setOffline(true);
  const saveButton = page.getByRole('button', { name: 'Save', exact: true });
  await expect(page.getByText('You are offline.')).toBeVisible();
  await writeValue(page, '"written offline"');
  await expect(saveButton).toBeDisabled();
  await context.setOffline(false);
  await expect(page.getByText('You are offline.')).toHaveCount(0);
  await expectValue(page, '"written offline"');
  await save(page);
  expect((await halo.read(person, key)).toString()).toBe('"written offline"');
});

test('when the session ends while editing, logging in over the page saves the draft', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, '"before"');
  const accessToken = await accessTokenDuring(page, () => visitKey(page, key));
  await startEditing(page);
  await writeValue(page, '"mine"');
  expect((await halo.logOut({ ...person, accessToken })).ok).toBe(true);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(dialog.getByRole('textbox', { name: 'Password' })).toBeFocused();
  await page.keyboard.insertText('not the right password');
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await expect(dialog.getByRole('alert')).toContainText('Wrong name or password');
  await dialog.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await expect(successOf(page, 'Saved')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expectValue(page, '"mine"');
  const again = await halo.logIn(person);
  expect((await halo.read(again, key)).toString()).toBe('"mine"');
});

test('when the session ends without a draft, its values leave the screen', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await halo.set(person, 'other', '"other"');
  // The stream would notice before the next click does.
  await page.route('**/v1/changes**', (route) => route.abort());
  const accessToken = await accessTokenDuring(page, () => visitKey(page, key));
  await expectValue(page, '"before"');
  expect((await halo.logOut({ ...person, accessToken })).ok).toBe(true);
  await rowOf(page, 'other').click();
  await expect(page.getByText('Your session has ended. Log in to go on.')).toBeVisible();
  await expect(valueField(page)).toHaveCount(0);
  await expect(page.getByText('before')).toHaveCount(0);
});

test('leaving a draft asks first', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await halo.set(person, 'other', '"other"');
  await visitKey(page, key);
  await startEditing(page);
  await writeValue(page, '"mine"');
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await rowOf(page, 'other').click();
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await expectValue(page, '"mine"');
  await rowOf(page, 'other').click();
  await question.getByRole('button', { name: 'Discard' }).click();
  await expectValue(page, '"other"');
  expect((await halo.read(person, key)).toString()).toBe('"before"');
});
