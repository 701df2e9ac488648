import { expect, test } from './browser-test.js';
import { answerUsage, thirtyDays } from './usage-screens.js';

test('shows keys and bytes against the quota', async ({ page, person, halo }) => {
  await answerUsage(page, thirtyDays());
  await halo.set(person, 'a', 'x'.repeat(2_048));
  await page.goto('/home/usage');
  const keys = page.getByRole('meter', { name: 'Keys' });
  await expect(keys).toHaveAttribute('aria-valuetext', '1 of 1,000,000, under 0.1%');
  const { usage, limits } = await halo.account(person);
  const storage = page.getByRole('meter', { name: 'Storage' });
  await expect(storage).toHaveAttribute('aria-valuenow', String(usage.bytes));
  await expect(storage).toHaveAttribute('aria-valuemax', String(limits.bytes));

  await halo.set(person, 'b', 'x');
  await page.reload();
  await expect(keys).toHaveAttribute('aria-valuenow', '2');
});

test('shows thirty days as a chart, in words, and as a table', async ({ page, person: _ }) => {
  const days = thirtyDays();
  await answerUsage(page, days);
  await page.goto('/home/usage');
  const chart = page.getByRole('img', { name: /^Reads and writes by day from Jan 1 to Jan 30/ });
  await expect(chart).toBeVisible();
  await expect(page.locator('.recharts-area-curve')).toHaveCount(2);
  // Who cannot see the chart has the table beside it.
  const table = page.getByRole('table', { name: /^Reads and writes by day/ });
  await expect(table.getByRole('row')).toHaveCount(32);

  await page.getByText('Table', { exact: true }).click();
  await expect(chart).toHaveCount(0);
  const reads = days.reduce((sum, day) => sum + day.reads, 0).toLocaleString('en-US');
  const writes = days.reduce((sum, day) => sum + day.writes, 0).toLocaleString('en-US');
  await expect(table.getByRole('row', { name: `Total ${reads} ${writes}` })).toBeVisible();
  const last = days.at(-1);
  await expect(table.getByRole('row').nth(1)).toContainText(last?.reads.toLocaleString('en-US') ?? 'a day');
});

test('a report that fails leaves the quota, and can be asked for again', async ({ page, person: _ }) => {
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-42' };
  await page.route('**/v1/account/usage', (route) => route.fulfill({ status: 500, json }));
  await page.goto('/home/usage');
  await expect(page.getByRole('meter', { name: 'Keys' })).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Reads and writes could not be loaded');
  await expect(page.getByRole('alert')).toContainText('r-42');
  await answerUsage(page, thirtyDays());
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByRole('img', { name: /^Reads and writes by day/ })).toBeVisible();
});

test('a chart that cannot be loaded leaves the table', async ({ page, person: _ }) => {
  await answerUsage(page, thirtyDays());
  await page.route('**/usage-chart-*.js', (route) => route.abort());
  await page.goto('/home/usage');
  await expect(page.getByText('The chart could not be loaded')).toBeVisible();
  await page.getByText('Table', { exact: true }).click();
  await expect(page.getByRole('row', { name: /^Total/ })).toBeVisible();
});
