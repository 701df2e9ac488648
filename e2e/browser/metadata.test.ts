import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import { accessTokenDuring, detailOf, rowsOf, successOf, visitKey } from './console-steps.js';

const key = 'a/key';
const odd = Uint8Array.of(0xff, 0x0d, 0x0a, 0);

async function openMetadata(page: Page): Promise<void> {
  await visitKey(page, key);
  await page.getByRole('tab', { name: 'Metadata' }).click();
  await expect(page.getByRole('button', { name: 'Edit metadata' })).toBeVisible();
}

test('metadata is edited row by row, and what is not typed over stays as it is', async ({
  page,
  person,
  halo,
}) => {
  const instant = '2099-01-02T03:04:05.678Z';
  await halo.set(person, key, odd, {
    query: `expires_at=${instant}`,
    headers: {
      'content-type': 'image/x-odd',
      'halo-metadata': '{"b":9007199254740993,"a":1.0,"c":{"x":[1e400]}}',
    },
  });
  await openMetadata(page);
  await expect(page.getByRole('row', { name: 'b 9007199254740993' })).toBeVisible();
  await page.keyboard.press('e');
  await page.getByRole('textbox', { name: 'Value 2' }).fill('no json');
  await expect(page.getByRole('textbox', { name: 'Value 2' })).toHaveAccessibleDescription(
    /Not valid JSON: column 1/,
  );
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await page.getByRole('textbox', { name: 'Value 2' }).fill('2.50');
  await page.getByRole('button', { name: 'Add a row' }).click();
  await page.getByRole('textbox', { name: 'Name 4' }).fill('né');
  await page.getByRole('textbox', { name: 'Value 4' }).fill('"🙂"');
  await page.keyboard.press('ControlOrMeta+s');
  await expect(successOf(page, 'Saved')).toBeVisible();
  await expect(page.getByRole('row', { name: 'né "🙂"' })).toBeVisible();
  const response = await halo.get(person, key);
  expect(response.headers.get('halo-metadata')).toBe(
    '{"b": 9007199254740993, "a": 2.50, "c": {"x": [1e400]}, "n\\u00e9": "\\ud83d\\ude42"}',
  );
  expect(response.headers.get('content-type')).toBe('image/x-odd');
  expect(response.headers.get('halo-expires-at')).toBe(instant);
  expect([...Buffer.from(await response.arrayBuffer())]).toEqual([...odd]);
});

test('metadata has at most 1,024 bytes, which are counted as they are stored', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, 'value');
  await openMetadata(page);
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByRole('textbox', { name: 'Name 1' }).fill('a');
  const fill = 1_024 - '{"a": ""}'.length;
  await page.getByRole('textbox', { name: 'Value 1' }).fill(`"${'é'.repeat(fill / 2)}x"`);
  await expect(page.getByText('1,024 of 1,024 bytes')).toBeVisible();
  await page.getByRole('textbox', { name: 'Value 1' }).fill(`"${'é'.repeat(fill / 2)}xy"`);
  await expect(page.getByText('1,025 of 1,024 bytes: too many to save')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await page.getByRole('textbox', { name: 'Value 1' }).fill(`"${'é'.repeat(fill / 2)}x"`);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(successOf(page, 'Saved')).toBeVisible();
  const { keys } = await halo.page(person);
  expect(keys[0]?.metadata).toEqual({ a: `${'é'.repeat(fill / 2)}x` });

  // The value is saved with metadata whose header is far longer than the limit.
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(detailOf(page).getByText('revision 3', { exact: true })).toBeVisible();
  expect((await halo.page(person)).keys[0]?.metadata).toEqual({ a: `${'é'.repeat(fill / 2)}x` });
});

test('metadata never brings an old value back', async ({ page, person, halo }) => {
  await halo.set(person, key, 'seen');
  await openMetadata(page);
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByRole('textbox', { name: 'Name 1' }).fill('mine');
  await page.getByRole('textbox', { name: 'Value 1' }).fill('true');
  await halo.set(person, key, 'newer');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('the key changed meanwhile');
  expect((await halo.read(person, key)).toString()).toBe('newer');
  await page.getByRole('button', { name: 'Save over it' }).click();
  await expect(successOf(page, 'Saved')).toBeVisible();
  const response = await halo.get(person, key);
  expect(await response.text()).toBe('newer');
  expect(response.headers.get('halo-metadata')).toBe('{"mine": true}');
});

test('when the session ends, logging in over the page saves the metadata', async ({ page, person, halo }) => {
  await halo.set(person, key, 'value');
  const accessToken = await accessTokenDuring(page, () => visitKey(page, key));
  await page.getByRole('tab', { name: 'Metadata' }).click();
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  await page.getByRole('textbox', { name: 'Name 1' }).fill('mine');
  await page.getByRole('textbox', { name: 'Value 1' }).fill('true');
  expect((await halo.logOut({ ...person, accessToken })).ok).toBe(true);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await dialog.getByRole('button', { name: 'Log in' }).click();
  await expect(successOf(page, 'Saved')).toBeVisible();
  const again = await halo.logIn(person);
  expect((await halo.get(again, key)).headers.get('halo-metadata')).toBe('{"mine": true}');
});

test('an expiry is set, changed, undone and removed without touching the value', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, odd, { headers: { 'halo-metadata': '{"a":1}' } });
  const expiry = async () => (await halo.head(person, key)).headers.get('halo-expires-at');
  await openMetadata(page);
  await expect(page.getByText('It never expires.')).toBeVisible();
  await page.getByRole('button', { name: 'Set expiry' }).click();
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Expires after' })).toHaveAccessibleDescription(
    /Enter a number/,
  );
  await page.getByRole('textbox', { name: 'Expires after' }).fill('2');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByText(/^In 1 d 23 h, on /)).toBeVisible();

  await page.getByRole('button', { name: 'Change expiry' }).click();
  await page.getByText('At', { exact: true }).click();
  await page.getByLabel('Expires at').fill('2001-01-02T03:04:05');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByText('This lies in the past.')).toBeVisible();
  await page.getByLabel('Expires at').fill('2099-01-02T03:04:05');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByText(/on Jan 2, 2099, 3:04:05 AM\./)).toBeVisible();
  expect(await expiry()).toBe('2099-01-02T03:04:05.000Z');

  await page.getByRole('button', { name: 'Remove expiry' }).click();
  await expect(page.getByText('It never expires.')).toBeVisible();
  expect(await expiry()).toBeNull();
  await successOf(page, 'Expiry removed').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(/on Jan 2, 2099, 3:04:05 AM\./)).toBeVisible();
  const response = await halo.get(person, key);
  expect(response.headers.get('halo-metadata')).toBe('{"a":1}');
  expect([...Buffer.from(await response.arrayBuffer())]).toEqual([...odd]);
});

test('an expiry is refused when the key has changed, and the pane reacts when the time comes', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, key, 'seen');
  await openMetadata(page);
  await page.getByRole('button', { name: 'Set expiry' }).click();
  await page.getByRole('textbox', { name: 'Expires after' }).fill('1');
  await halo.set(person, key, 'newer');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('the key has changed since you opened it');
  await page.getByRole('button', { name: 'Reload' }).last().click();
  await expect(detailOf(page).getByText('revision 2', { exact: true })).toBeVisible();
  await page.getByRole('textbox', { name: 'Expires after' }).fill('3');
  await page.getByRole('combobox', { name: 'Unit of time' }).selectOption('seconds');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(detailOf(page).getByText(/^expires in (\d|under 1) s$/)).toBeVisible();
  await expect(detailOf(page).getByText('This key has expired')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(0);
});
