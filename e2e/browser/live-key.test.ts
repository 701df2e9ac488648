import { expect, test } from './browser-test.js';
import {
  detailOf,
  expectValue,
  openKeyOf,
  rowOf,
  startEditing,
  trySave,
  urlOf,
  visitKey,
  writeValue,
} from './console-steps.js';

const key = 'shared/key';

test('an open key is marked when it changes elsewhere, and shown anew only when asked', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await expectValue(page, '"before"');
  await halo.set(person, key, '"newer"');
  const detail = detailOf(page);
  await expect(detail.getByText('Revision 2 is newer than what you see.')).toBeVisible();
  await expectValue(page, '"before"');
  await detail.getByRole('button', { name: 'Compare' }).click();
  await expect(page.getByRole('textbox', { name: 'Older, revision 1' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Newer, revision 2' })).toBeVisible();
  await detail.getByRole('button', { name: 'Reload' }).click();
  await expect(detail.getByText('revision 2', { exact: true })).toBeVisible();
  await expect(detail.getByText('Changed elsewhere')).toHaveCount(0);

  await halo.delete(person, key);
  await expect(detail.getByText('Deleted elsewhere')).toBeVisible();
  await detail.getByRole('button', { name: 'Reload' }).click();
  await expect(detail.getByText('Not found')).toBeVisible();
  await halo.set(person, key, '"back"');
  await page.goto(urlOf(key));
  await expectValue(page, '"back"');
});

test('a draft is never replaced by what is told, and the save still meets the conflict', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, '"before"');
  await visitKey(page, key);
  await startEditing(page);
  await writeValue(page, '"mine"');
  await halo.set(person, key, '"theirs"');
  const detail = detailOf(page);
  await expect(detail.getByText('Changed elsewhere')).toBeVisible();
  await expectValue(page, '"mine"');
  await trySave(page, '"mine, later"');
  const conflict = page.getByRole('dialog', { name: 'This key changed while you were editing' });
  await expect(conflict.getByRole('region', { name: 'Theirs, revision 2' })).toContainText('"theirs"');
  expect((await halo.read(person, key)).toString()).toBe('"theirs"');
  await conflict.getByRole('button', { name: 'Keep editing' }).click();
  await halo.delete(person, key);
  await expect(detail.getByText('Deleted elsewhere')).toBeVisible();
  await detail.getByRole('button', { name: 'Decide' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Create again' }).click();
  await expectValue(page, '"mine, later"');
  expect((await halo.read(person, key)).toString()).toBe('"mine, later"');
});

test('one’s own save is not told of as somebody else’s', async ({ page, person, halo }) => {
  await halo.set(person, key, '"before"');
  await halo.set(person, 'other', '"other"');
  await visitKey(page, key);
  await startEditing(page);
  await trySave(page, '"mine"');
  await expect(detailOf(page).getByText('revision 3', { exact: true })).toBeVisible();
  // A change that is told of afterwards shows that the stream has come past one's own.
  await rowOf(page, 'other').click();
  await expect(openKeyOf(page)).toHaveText('other');
  await halo.set(person, 'other', '"newer"');
  await expect(detailOf(page).getByText('Revision 4 is newer than what you see.')).toBeVisible();
  await page.goBack();
  await expectValue(page, '"mine"');
  await expect(detailOf(page).getByText('Changed elsewhere')).toHaveCount(0);
});
