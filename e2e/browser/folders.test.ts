import type { Page } from '@playwright/test';
import type { Halo, Person } from '../halo.js';
import { expect, test } from './browser-test.js';
import { expectValue, rowOf, rowsOf, successOf, visitKey } from './console-steps.js';
import { numbered, seedKeys } from './seed-keys.js';

async function chooseFor(page: Page, row: string, action: string): Promise<void> {
  await rowOf(page, row).hover();
  await rowOf(page, row)
    .getByRole('button', { name: /^Actions for / })
    .click();
  await page.getByRole('menuitem', { name: action }).click();
}

async function countOf(halo: Halo, person: Person, prefix: string): Promise<number> {
  return (await halo.page(person, { prefix, count: 'true' })).count ?? -1;
}

async function confirmCount(page: Page, count: number): Promise<void> {
  await page.getByRole('textbox', { name: `Type ${count} to confirm` }).fill(String(count));
  await page.getByRole('button', { name: /^Delete [\d,]+ keys?$/ }).click();
}

test('a folder is deleted after its count was typed, and Undo brings all of it back', async ({
  page,
  person,
  halo,
}) => {
  const headers = { 'content-type': 'application/json', 'halo-metadata': '{"a":1}' };
  await halo.set(person, 'a/kept', '{"id": 9007199254740993}', { headers, query: 'ttl=86400' });
  await seedKeys(halo, person, ['a/b/1', 'a/b/2', 'ab', 'z']);
  await page.goto('/home');
  await chooseFor(page, 'a/', 'Delete folder');
  const dialog = page.getByRole('dialog', { name: 'Delete folder?' });
  await expect(dialog).toContainText('3 keys under a/ move to the trash.');
  await expect(dialog.getByRole('textbox')).toBeFocused();
  await expect(dialog.getByRole('button', { name: 'Delete 3 keys' })).toBeDisabled();
  await dialog.getByRole('textbox').fill('4');
  await expect(dialog.getByRole('button', { name: 'Delete 3 keys' })).toBeDisabled();
  await confirmCount(page, 3);
  const toast = successOf(page, 'Deleted 3 keys');
  await expect(toast).toBeVisible();
  await expect(rowsOf(page)).toHaveText(['ab', 'z']);
  expect(await countOf(halo, person, 'a/')).toBe(0);

  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(successOf(page, 'Undone')).toBeVisible();
  await expect(rowsOf(page)).toHaveText(['a/3', 'ab', 'z']);
  const kept = await halo.get(person, 'a/kept');
  expect(await kept.text()).toBe('{"id": 9007199254740993}');
  expect(kept.headers.get('halo-metadata')).toBe('{"a":1}');
  expect(kept.headers.get('halo-expires-at')).not.toBeNull();
});

test('a folder that grew while it was asked about is asked about again', async ({ page, person, halo }) => {
  await seedKeys(halo, person, ['a/1', 'a/2', 'z']);
  await page.goto('/home');
  await chooseFor(page, 'a/', 'Delete folder');
  await expect(page.getByText('2 keys under')).toBeVisible();
  await halo.set(person, 'a/3', 'new');
  await confirmCount(page, 2);
  await expect(page.getByText('The folder has changed meanwhile.')).toBeVisible();
  await confirmCount(page, 3);
  await expect(successOf(page, 'Deleted 3 keys')).toBeVisible();
  await expect(rowsOf(page)).toHaveText(['z']);
});

test('Cancel stops between two commits, says what was done and what is left, and Go on goes on', async ({
  page,
  person,
  halo,
}) => {
  // Not a slash at the end, so that the server has no mutation for the whole of it.
  await seedKeys(halo, person, [...numbered('a:', 1_200), 'z']);
  await page.goto(`/home/keys?${new URLSearchParams({ delimiter: ':' })}`);
  let commits = 0;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route('**/v1/commit', async (route) => {
    commits += 1;
    if (commits === 2) await held;
    await route.continue();
  });
  await chooseFor(page, 'a:', 'Delete folder');
  await confirmCount(page, 1_200);
  await expect(page.getByText('Deleting: 500 of 1,200 keys')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  letGo();
  await expect(page.getByText('Deleted 1,000 of 1,200 keys; 200 are left.')).toBeVisible();
  expect(await countOf(halo, person, 'a:')).toBe(200);
  await expect(rowOf(page, 'a:')).toHaveText('a:200');

  await page.getByRole('button', { name: 'Go on' }).click();
  const toast = successOf(page, 'Deleted 1,200 keys');
  await expect(toast).toBeVisible();
  expect(await countOf(halo, person, 'a:')).toBe(0);
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(successOf(page, '1,200 keys are as they were')).toBeVisible();
  expect(await countOf(halo, person, 'a:')).toBe(1_200);
});

test('a failure half-way is told with what was done, and an undo that conflicts says so', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, numbered('a:', 700));
  await page.goto(`/home/keys?${new URLSearchParams({ delimiter: ':' })}`);
  let commits = 0;
  await page.route('**/v1/commit', (route) => {
    commits += 1;
    const json = { code: 'internal', title: 'Internal error', detail: 'It broke.', request_id: 'request-1' };
    return commits === 2 ? route.fulfill({ status: 500, json }) : route.continue();
  });
  await chooseFor(page, 'a:', 'Delete folder');
  await confirmCount(page, 700);
  await expect(page.getByText('Deleted 500 of 700 keys; 200 are left.')).toBeVisible();
  await expect(page.getByText('request-1')).toBeVisible();
  await page.unroute('**/v1/commit');
  await halo.set(person, 'a:0000', 'again');
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('alert').filter({ hasText: '0 of 1 commits undone' })).toBeVisible();
  expect(await countOf(halo, person, 'a:')).toBe(201);
});

for (const delimiter of ['/', '.']) {
  test(`a folder that ends with ${delimiter} is copied and moved`, async ({ page, person, halo }) => {
    const at = (...names: string[]) => names.join(delimiter);
    await seedKeys(halo, person, [at('a', '1'), at('a', 'b', '2'), at('c', '1')]);
    await page.goto(`/home/keys?${new URLSearchParams({ delimiter })}`);
    await chooseFor(page, at('a', ''), 'Copy folder');
    const copying = page.getByRole('dialog', { name: 'Copy folder' });
    const to = copying.getByRole('textbox', { name: 'To' });
    await copying.getByRole('button', { name: 'Continue' }).click();
    await expect(to).toHaveAccessibleDescription('This is where it is now.');
    await to.fill('c');
    await copying.getByRole('button', { name: 'Continue' }).click();
    await expect(to).toHaveAccessibleDescription(`The name of a folder ends with ${delimiter}`);
    await to.fill(at('c', ''));
    await copying.getByRole('button', { name: 'Continue' }).click();
    await expect(copying).toContainText('At the destination is 1 key already.');
    await copying.getByRole('button', { name: 'Copy 2 keys' }).click();
    await expect(successOf(page, 'Copied 2 keys')).toBeVisible();
    expect((await halo.read(person, at('c', '1'))).toString()).toBe(at('a', '1'));

    await chooseFor(page, at('a', ''), 'Move folder');
    const moving = page.getByRole('dialog', { name: 'Move folder' });
    await moving.getByRole('textbox', { name: 'To' }).fill(at('d', 'e', ''));
    await moving.getByRole('button', { name: 'Continue' }).click();
    await moving.getByRole('button', { name: 'Move 2 keys' }).click();
    await expect(successOf(page, 'Moved 2 keys')).toBeVisible();
    await expect(rowsOf(page)).toHaveText([`c${delimiter}2`, `d${delimiter}2`]);
    const { keys } = await halo.page(person);
    expect(keys.map(({ key }) => key)).toEqual(
      [at('c', '1'), at('c', 'b', '2'), at('d', 'e', '1'), at('d', 'e', 'b', '2')].sort(),
    );
  });
}

test('keys are selected one by one, in ranges and by folder; what changed meanwhile is spared', async ({
  page,
  person,
  halo,
}) => {
  await seedKeys(halo, person, [...numbered('a/', 6), 'b/1', 'b/2', 'c']);
  await page.goto('/home');
  await rowOf(page, 'a/').click();
  await page.getByRole('button', { name: 'Select keys' }).click();
  await rowOf(page, 'a/0001').click();
  await rowOf(page, 'a/0003').click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 selected')).toBeVisible();
  await expect(rowOf(page, 'a/')).toHaveAttribute('aria-checked', 'mixed');
  await rowOf(page, 'b/').click();
  await expect(page.getByText('5 selected')).toBeVisible();
  await rowOf(page, 'c').focus();
  await page.keyboard.press('Space');
  await expect(page.getByText('6 selected')).toBeVisible();
  await halo.set(person, 'a/0002', 'changed');

  await page.getByRole('button', { name: 'Delete…' }).click();
  await confirmCount(page, 6);
  await expect(successOf(page, 'Deleted 5 keys')).toContainText(
    '1 key changed meanwhile and was left alone.',
  );
  await expect(rowsOf(page)).toHaveText(['a/4', '0000', '0002', '0004', '0005']);
  expect((await halo.read(person, 'a/0002')).toString()).toBe('changed');
});

test('what is open closes its value when its folder is deleted', async ({ page, person, halo }) => {
  await seedKeys(halo, person, ['a/1', 'z']);
  await visitKey(page, 'a/1');
  await expectValue(page, 'a/1');
  await chooseFor(page, 'a/', 'Delete folder');
  await confirmCount(page, 1);
  await expect(page.getByText('Not found')).toBeVisible();
});

test('a folder is deleted by keyboard alone', async ({ page, person, halo }) => {
  await seedKeys(halo, person, ['a/1', 'z']);
  await page.goto('/home');
  await expect(rowsOf(page)).toHaveText(['a/1', 'z']);
  const { keyboard } = page;
  await keyboard.press('/');
  await keyboard.press('ArrowDown');
  await keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitem', { name: 'New key in it' })).toBeFocused();
  await keyboard.press('End');
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Type 1 to confirm' })).toBeFocused();
  await keyboard.type('1');
  await keyboard.press('Enter');
  await expect(successOf(page, 'Deleted 1 key')).toBeVisible();
  await expect(rowsOf(page)).toHaveText(['z']);
});
