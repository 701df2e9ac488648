import { expect, test } from './browser-test.js';
import { watchFaults } from './page-faults.js';

// The controls of the watch that every test is under: a watch that sees nothing would let everything pass.

test('the watch sees an error that no one catches', async ({ browser, server }) => {
  const context = await browser.newContext({ baseURL: server.url });
  const faults = watchFaults(context, server.url);
  const page = await context.newPage();
  await page.goto('/home/login');
  await page.evaluate(() => {
    setTimeout(() => {
      throw new Error('broken on purpose');
    });
  });
  await expect.poll(() => faults).toEqual([expect.stringContaining('broken on purpose')]);
  await context.close();
});

test('the watch sees a script that the policy forbids', async ({ browser, server }) => {
  const context = await browser.newContext({ baseURL: server.url });
  const faults = watchFaults(context, server.url);
  const page = await context.newPage();
  await page.goto('/home/login');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "executed"';
    document.head.append(script);
  });
  await expect.poll(() => faults).toEqual([expect.stringMatching(/^policy: .*inline script/)]);
  await expect(page).not.toHaveTitle('executed');
  await context.close();
});

test('the watch sees a request to another origin', async ({ browser, server }) => {
  const context = await browser.newContext({ baseURL: server.url });
  const faults = watchFaults(context, server.url);
  const page = await context.newPage();
  await page.goto('/home/login');
  expect(faults).toEqual([]);
  await page.goto(`http://127.0.0.1:${server.port}/home/login`).catch(() => undefined);
  expect(faults[0]).toBe(`another origin: http://127.0.0.1:${server.port}/home/login`);
  await context.close();
});
