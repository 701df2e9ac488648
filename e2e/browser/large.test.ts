import type { Page } from '@playwright/test';
import { ndjsonType, operations } from 'halo-contract';
import type { Halo, Person } from '../halo.js';
import { expect, test } from './browser-test.js';
import { expectValue, flatUrl, openKeyOf, rowOf, rowsOf, searchField, visitKey } from './console-steps.js';

const keysInAll = 100_000;

const firstRowsMsMax = 2_000;
const rowsInPageMax = 100;
const loadedMin = 1_000;

const keyOf = (index: number) => {
  const digits = String(index).padStart(6, '0');
  return `item/${digits.slice(0, 2)}/${digits.slice(2)}`;
};

/** Sets 100,000 keys, in ten folders within one, by an import: a few seconds instead of a minute. */
async function seed(halo: Halo, person: Person): Promise<void> {
  const lines = Array.from({ length: keysInAll }, (_, index) =>
    JSON.stringify({ key: keyOf(index), value: `"value ${index}"`, content_type: 'application/json' }),
  );
  const answer = await halo.request('POST', operations.importStore.path, {
    token: person.accessToken,
    headers: { 'content-type': ndjsonType },
    body: `${lines.join('\n')}\n`,
  });
  expect(JSON.parse((await answer.text()).trim().split('\n').at(-1) ?? '')).toMatchObject({ done: true });
}

/** Returns how long a screen takes from its address to its first rows. */
async function msToRows(page: Page, url: string, row: string): Promise<number> {
  const started = performance.now();
  await page.goto(url);
  await rowOf(page, row).waitFor();
  return performance.now() - started;
}

test('with 100,000 keys the first rows come at once, few are in the page, and a search finds any', async ({
  page,
  person,
  halo,
}) => {
  test.setTimeout(120_000);
  await seed(halo, person);
  // The page and its scripts are in the browser's cache from here on, as for anyone who comes back.
  await page.goto('/home/login');
  await expect(rowOf(page, 'item/')).toBeVisible();

  expect(await msToRows(page, '/home/keys', 'item/')).toBeLessThan(firstRowsMsMax);
  expect(await msToRows(page, flatUrl(), keyOf(10))).toBeLessThan(firstRowsMsMax);
  expect(await rowsOf(page).count()).toBeLessThan(rowsInPageMax);

  await rowOf(page, keyOf(0)).press('End');
  const loaded = page.getByText(/^[\d,]+ keys loaded, more below$/);
  await expect
    .poll(async () => {
      await page.keyboard.press('End');
      return Number((await loaded.textContent())?.replaceAll(/\D/g, ''));
    })
    .toBeGreaterThan(loadedMin);
  expect(await rowsOf(page).count()).toBeLessThan(rowsInPageMax);

  await page.goto('/home/keys');
  await rowOf(page, 'item/').click();
  await expect(rowsOf(page)).toHaveText([
    'item/1,000+',
    ...Array.from({ length: 10 }, (_, at) => `0${at}/1,000+`),
  ]);
  await rowOf(page, 'item/09/').click();
  await rowOf(page, 'item/03/').click();
  await expect(rowOf(page, 'item/03/0010')).toBeVisible();
  await rowOf(page, 'item/03/').press('End');
  await expect(rowsOf(page).last()).toHaveAttribute('title', /^item\/09\/\d{4}$/);
  expect(await rowsOf(page).count()).toBeLessThan(rowsInPageMax);

  await searchField(page).fill('item/08/765');
  await expect(rowsOf(page)).toHaveText(Array.from({ length: 10 }, (_, index) => `765${index}`));
  await rowOf(page, keyOf(87_657)).click();
  await expectValue(page, '"value 87657"');
  await page.reload();
  await expectValue(page, '"value 87657"');
  await visitKey(page, keyOf(12_345));
  await expectValue(page, '"value 12345"');
  await expect(rowOf(page, keyOf(12_345))).toHaveAttribute('aria-selected', 'true');
  await expect(rowOf(page, keyOf(12_345))).toBeVisible();
  await expect(openKeyOf(page)).toHaveText(keyOf(12_345));
});
