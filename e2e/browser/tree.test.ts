import { commitsOf } from '../commits.js';
import { expect, test } from './browser-test.js';
import {
  expectValue,
  flatUrl,
  openKeyOf,
  rowOf,
  rowsOf,
  save,
  searchField,
  startEditing,
  successOf,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';
import { numbered, seedKeys } from './seed-keys.js';

/** A change elsewhere may cost so many requests for lists, however many keys it has. */
const listRequestsMax = 4;

test('the tree shows folders with their counts, and loads each when it is opened', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, [...numbered('logs/', 1_200), 'app/config/a', 'app/config/b', 'app/z', 'top']);
  await page.goto('/home');
  await expect(rowsOf(page)).toHaveText(['app/3', 'logs/1,000+', 'top']);
  await expect(rowOf(page, 'app/')).toHaveAccessibleName('app/, 3 keys');
  await expect(rowOf(page, 'app/')).toHaveAttribute('aria-expanded', 'false');
  await rowOf(page, 'app/').click();
  await expect(rowsOf(page)).toHaveText(['app/3', 'config/2', 'z', 'logs/1,000+', 'top']);
  await expect(rowOf(page, 'app/config/')).toHaveAttribute('aria-level', '2');
  await expect(rowOf(page, 'app/config/')).toHaveAttribute('aria-setsize', '2');
  await rowOf(page, 'app/config/').click();
  await rowOf(page, 'app/config/b').click();
  await expectValue(page, 'app/config/b');
  await rowOf(page, 'app/').click();
  await expect(rowsOf(page)).toHaveText(['app/3', 'logs/1,000+', 'top']);
  await expect(page.getByText('More than 1,004 keys', { exact: true })).toBeVisible();
});

test('view, delimiter, search and the open key survive a reload, and Back goes through them', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, ['a:b:c', 'a:b:d', 'a:e', 'x/y']);
  await page.goto('/home');
  await expect(rowsOf(page)).toHaveText(['a:b:c', 'a:b:d', 'a:e', 'x/1']);
  await page.getByRole('button', { name: 'Delimiter: /' }).click();
  await page.getByRole('dialog', { name: 'Delimiter' }).getByText(':', { exact: true }).click();
  await expect(rowsOf(page)).toHaveText(['a:3', 'x/y']);
  await page.getByText('Flat', { exact: true }).click();
  await expect(rowsOf(page)).toHaveText(['a:b:c', 'a:b:d', 'a:e', 'x/y']);
  await page.goBack();
  await expect(rowsOf(page)).toHaveText(['a:3', 'x/y']);
  await rowOf(page, 'a:').click();
  await rowOf(page, 'a:b:').click();
  await rowOf(page, 'a:b:d').click();
  await searchField(page).fill('a:b');
  await expect(rowsOf(page)).toHaveText(['b:2', 'c', 'd']);
  await page.reload();
  await expect(rowsOf(page)).toHaveText(['b:2', 'c', 'd']);
  await expect(rowOf(page, 'a:b:d')).toHaveAttribute('aria-selected', 'true');
  await expectValue(page, 'a:b:d');

  await page.getByRole('button', { name: 'Delimiter: :' }).click();
  const picker = page.getByRole('dialog', { name: 'Delimiter' });
  await picker.getByRole('textbox').fill(':b:');
  await picker.getByRole('button', { name: 'Use it' }).click();
  await searchField(page).fill('');
  await expect(rowsOf(page)).toHaveText(['a:b:2', 'c', 'd', 'a:e', 'x/y']);
});

test('a key that is a folder too, empty names, and names no eye can tell apart are all reachable', async ({
  page,
  person,
  halo,
}) => {
  const long = `${'long'.repeat(200)}/end`;
  const keys = ['a', 'a/', 'a//b', 'a/b', '/', '//', ' a', 'a ', 'tab\there', 'rtl\u202egnp', long];
  await seedKeys(halo, person, keys);
  await page.goto('/home');
  const shown = (key: string) => key.replace('\t', '\u2409').replace('\u202e', '\\u202e');
  for (const key of keys) {
    const parts = key.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = rowOf(page, `${parts.slice(0, depth).join('/')}/`).and(page.locator('[aria-expanded]'));
      if ((await folder.getAttribute('aria-expanded')) === 'false') await folder.click();
    }
    await rowOf(page, shown(key)).and(page.locator(':not([aria-expanded])')).click();
    await expect(openKeyOf(page)).toHaveText(shown(key));
    await expect(valueField(page)).toBeVisible();
  }
  // Folders are closed again, so that these are the names beside each other.
  await page.goto('/home');
  await expect(rowOf(page, 'a/')).toBeVisible();
  const names = await rowsOf(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')));
  expect(new Set(names).size).toBe(names.length);
});

test('the open key is found in its folder, also beyond the first pages', async ({ page, person, halo }) => {
  await seedKeys(halo, person, [...numbered('a/b/', 2_500), 'z']);
  await visitKey(page, 'a/b/1750');
  await expect(rowOf(page, 'a/b/1750')).toBeInViewport();
  await expect(rowOf(page, 'a/b/1750')).toHaveAttribute('aria-selected', 'true');
  expect(await rowsOf(page).count()).toBeLessThan(100);
});

test('the tree is walked by keyboard alone', async ({ page, person, halo }) => {
  await seedKeys(halo, person, ['a/b/1', 'a/b/2', 'a/c', 'd']);
  await page.goto('/home');
  await expect(rowsOf(page)).toHaveCount(2);
  const { keyboard } = page;
  await keyboard.press('/');
  await keyboard.press('ArrowDown');
  await expect(rowOf(page, 'a/')).toBeFocused();
  await keyboard.press('ArrowRight');
  await expect(rowOf(page, 'a/c')).toBeVisible();
  await keyboard.press('ArrowRight');
  await expect(rowOf(page, 'a/b/')).toBeFocused();
  await keyboard.press('Enter');
  await expect(rowOf(page, 'a/b/2')).toBeVisible();
  await keyboard.press('End');
  await expect(rowOf(page, 'd')).toBeFocused();
  await keyboard.press('Home');
  await expect(rowOf(page, 'a/')).toBeFocused();
  for (let step = 0; step < 3; step += 1) await keyboard.press('ArrowDown');
  await expect(rowOf(page, 'a/b/2')).toBeFocused();
  await keyboard.press('Enter');
  await expectValue(page, 'a/b/2');
  await expect(rowOf(page, 'a/b/2')).toBeFocused();
  await keyboard.press('ArrowLeft');
  await expect(rowOf(page, 'a/b/')).toBeFocused();
  await keyboard.press('ArrowLeft');
  await expect(rowOf(page, 'a/b/2')).toHaveCount(0);
  await keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'New key in it' })).toBeFocused();
  await keyboard.press('Escape');
  await expect(rowOf(page, 'a/b/')).toBeFocused();
});

test('what is written elsewhere shows at once, with a mark until it is opened', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, ['a/1', 'a/2', 'b/1', 'top']);
  await visitKey(page, 'a/1');
  await expect(rowsOf(page)).toHaveText(['a/2', '1', '2', 'b/1', 'top']);
  const again = await halo.logIn(person);
  await halo.set(again, 'a/2', 'changed');
  await expect(rowOf(page, 'a/2')).toHaveAccessibleName('2, changed elsewhere');
  await halo.set(again, 'a/3', 'new');
  await expect(rowsOf(page)).toHaveText(['a/3', '1', '2', '3', 'b/1', 'top']);
  await halo.set(again, 'b/2', 'new');
  await halo.set(again, 'c/1', 'new');
  await halo.delete(again, 'top');
  await expect(rowsOf(page)).toHaveText(['a/3', '1', '2', '3', 'b/2', 'c/1']);
  await expect(rowOf(page, 'b/')).toHaveAccessibleName('b/, changed elsewhere, 2 keys');
  await halo.delete(again, 'c/1');
  await expect(rowOf(page, 'c/')).toHaveCount(0);

  await rowOf(page, 'a/2').click();
  await expectValue(page, 'changed');
  await expect(rowOf(page, 'a/2')).toHaveAccessibleName('2');
  await startEditing(page);
  await writeValue(page, 'mine');
  await save(page);
  await rowOf(page, 'a/1').click();
  await halo.set(again, 'a/4', 'the stream has told of all that was before');
  await expect(rowOf(page, 'a/4')).toHaveAccessibleName('4, changed elsewhere');
  await expect(rowOf(page, 'a/2')).toHaveAccessibleName('2');
});

test('a commit of a thousand keys costs a few requests, and the counts are right', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, ['a/1', 'b/1']);
  await page.goto('/home');
  await rowOf(page, 'a/').click();
  await expect(rowsOf(page)).toHaveText(['a/1', '1', 'b/1']);
  let asked = 0;
  page.on('request', (request) => {
    if (/\/v1\/keys\?/.test(request.url())) asked += 1;
  });
  const folders = Array.from({ length: 900 }, (_, index) => `b/${index % 30}/${index}`);
  await seedKeys(halo, person, folders);
  await expect(rowsOf(page)).toHaveText(['a/1', '1', 'b/901']);
  expect(asked).toBeLessThanOrEqual(listRequestsMax);
});

test('a row follows when its key proves to be another than was listed', async ({ page, person, halo }) => {
  // Without the stream, so that only what is read of the key itself can tell.
  await page.route('**/v1/changes*', (route) => route.abort());
  await seedKeys(halo, person, ['a', 'b', 'c']);
  await page.goto(flatUrl());
  await expect(rowsOf(page)).toHaveText(['a', 'b', 'c']);
  await halo.set(person, 'a', 'changed', { query: 'ttl=86400' });
  await halo.delete(person, 'b');
  await rowOf(page, 'a').click();
  await expect(rowsOf(page)).toHaveText([/^a23 h 59 min$/, 'b', 'c']);
  await rowOf(page, 'b').click();
  await expect(page.getByText('Not found')).toBeVisible();
  await expect(rowsOf(page)).toHaveText([/^a23 h/, 'c']);
});

test('the list keeps the width that it was given', async ({ page, person, halo }) => {
  await halo.set(person, 'a', '1');
  await page.goto('/home');
  const handle = page.getByRole('separator', { name: 'Width of the list' });
  await expect(handle).toHaveAttribute('aria-valuenow', '340');
  await handle.focus();
  await page.keyboard.press('ArrowRight');
  await expect(handle).toHaveAttribute('aria-valuenow', '356');
  const box = await handle.boundingBox();
  if (box === null) throw new Error('The handle is not there.');
  await page.mouse.move(box.x + 4, 400);
  await page.mouse.down();
  await page.mouse.move(box.x + 104, 400);
  await page.mouse.up();
  await page.reload();
  await expect(handle).toHaveAttribute('aria-valuenow', /^45\d$/);
  await handle.press('Enter');
  await expect(handle).toHaveAttribute('aria-valuenow', '340');
});

test('an empty account can be filled with samples, and emptied again', async ({ page, person, halo }) => {
  await page.goto('/home');
  await page.getByRole('button', { name: 'Add sample data' }).click();
  await expect(successOf(page, 'Sample data added')).toBeVisible();
  await expect(page.getByText('12 keys', { exact: true })).toBeVisible();
  expect((await halo.page(person)).revision).toBe(1);
  await successOf(page, 'Sample data added').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  const { keys } = await halo.page(person);
  expect(keys).toEqual([]);
});

test('a first value that is being written outlasts keys that come from elsewhere', async ({
  page,
  person,
  halo,
}) => {
  await page.goto('/home');
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('mine');
  await commitsOf(halo).commit(person, { set: { key: 'theirs', value: '1' } });
  await page.getByRole('button', { name: 'Reload the list' }).click();
  await expect(rowOf(page, 'theirs')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Key', exact: true })).toHaveValue('mine');
});
