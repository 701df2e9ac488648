import { expect, test } from './browser-test.js';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly summary?: string }>>>>;
}

test('the reference shows every operation, without any other origin and without an error', async ({
  page,
  halo,
}) => {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const { paths } = (await (await halo.request('GET', '/openapi.json')).json()) as OpenApi;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary = '' }]) => ({ path, method, summary })),
  );
  expect(described.length).toBeGreaterThanOrEqual(10);

  await page.goto('/docs');
  await expect(page.locator('.opblock')).toHaveCount(described.length);
  for (const { path, method, summary } of described) {
    const operation = page
      .locator(`.opblock-${method}`)
      .filter({ has: page.getByText(summary, { exact: true }) });
    // Swagger UI lets long paths break with characters that cannot be seen.
    await expect.poll(async () => (await operation.textContent())?.replaceAll('\u200b', '')).toContain(path);
  }
  await expect(page.getByRole('link', { name: '/openapi.json' })).toHaveAttribute('href', '/openapi.json');
  expect(errors).toEqual([]);
});

test('an operation can be tried from the reference', async ({ page }) => {
  await page.goto('/docs');
  const health = page.locator('.opblock').filter({ hasText: /live/ });
  await health.getByRole('button').first().click();
  await health.getByRole('button', { name: 'Try it out' }).click();
  await health.getByRole('button', { name: 'Execute' }).click();
  const answer = health.locator('.live-responses-table');
  await expect(answer.getByRole('cell', { name: '200', exact: true })).toBeVisible();
});

test('the console leads to the reference', async ({ page, person }) => {
  await page.goto('/home');
  await expect(page.getByRole('button', { name: person.name, exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'API reference' }).click();
  await expect(page).toHaveTitle('Halo API reference');
});
