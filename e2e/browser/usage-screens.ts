import { expect, type Page } from '@playwright/test';
import { signUpIn } from './browser-test.js';
import { setSampleKeys } from './sample-keys.js';
import type { Walk } from './walk.js';

export interface Day {
  readonly day: string;
  readonly reads: number;
  readonly writes: number;
}

/** Thirty days, of which every one has other numbers. */
export function thirtyDays(scale = 1): Day[] {
  return Array.from({ length: 30 }, (_, index) => ({
    day: new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10),
    reads: Math.round(scale * (5_400 + 2_600 * Math.sin(index / 3) + 13 * index)),
    writes: Math.round(scale * (900 + 400 * Math.cos(index / 2) + 7 * index)),
  }));
}

/** Has the report of the days answered; everything else is the server's. */
export async function answerUsage(page: Page, days: readonly Day[]): Promise<void> {
  await page.route('**/v1/account/usage', (route) => route.fulfill({ json: { days } }));
}

/** Every state of the usage screen. */
export async function walkUsage({ page, halo, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  await setSampleKeys(halo, person);
  await answerUsage(page, thirtyDays());
  await page.goto('/home/usage');
  await expect(page.getByRole('img', { name: /^Reads and writes by day/ })).toBeVisible();
  await expect(page.locator('.recharts-area-curve')).toHaveCount(2);
  await visit('usage-chart');
  await page.getByText('Table', { exact: true }).click();
  await expect(page.getByRole('img', { name: /^Reads and writes by day/ })).toHaveCount(0);
  await visit('usage-table');

  await answerUsage(page, thirtyDays(0));
  await page.reload();
  await expect(page.getByText('Nothing has been read or written yet.')).toBeVisible();
  await visit('usage-empty');

  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route('**/v1/account/usage', (route) => route.fulfill({ status: 500, json }));
  await page.route('**/v1/account', (route) => route.fulfill({ status: 500, json }));
  await page.reload();
  await expect(page.getByText('The quota could not be loaded')).toBeVisible();
  await visit('usage-failed');

  const view = {
    account: { id: person.id, name: person.name, created_at: '2026-01-01T00:00:00.000Z' },
    limits: { keys: 1_000_000, bytes: 10 * 1024 ** 3 },
    usage: { keys: 951_204, bytes: 4 * 1024 ** 3 },
    revision: 1,
  };
  await answerUsage(page, thirtyDays());
  await page.route('**/v1/account', (route) => route.fulfill({ json: view }));
  await page.reload();
  await expect(page.getByText('There is room for 48,796 more keys.')).toBeVisible();
  await expect(page.locator('.recharts-area-curve')).toHaveCount(2);
  await visit('usage-nearly-full');
}
