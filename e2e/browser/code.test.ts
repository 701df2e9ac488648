import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { expect, test } from './browser-test.js';
import { urlOf } from './console-steps.js';

const keys = [`it's "quoted" $HOME \`id\``, 'a b/🙂', 'line\nend', '../up', '{a,b}[1-3]', '-x', '100%#?&'];

async function commandOf(page: Page, title: string): Promise<string> {
  const shown = await page.getByRole('region', { name: title, exact: true }).locator('pre').textContent();
  return shown ?? '';
}

/** Runs a program as it was copied, and returns what it prints. */
async function run(program: string, args: readonly string[], token: string): Promise<string> {
  // Node complains when both of these are set, as test runners do.
  const { NO_COLOR: _, FORCE_COLOR: __, ...environment } = process.env;
  const shell = spawn(program, args, { env: { ...environment, HALO_TOKEN: token } });
  const [output, complaints] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(complaints).toBe('');
  return output;
}

test('the curl lines of peculiar keys work as they are pasted', async ({ page, person, halo }) => {
  test.setTimeout(90_000);
  const bash = (script: string) => run('bash', ['-c', script], person.accessToken);
  for (const key of keys) {
    const value = `@value of\n'${key}'`;
    const headers = { 'content-type': 'text/x-odd; charset="utf-8"', 'halo-metadata': `{"it's": 1.0}` };
    await halo.set(person, key, value, { headers, query: 'ttl=3600' });
    await page.goto(`${urlOf(key)}&tab=code`);
    expect(await bash(await commandOf(page, 'Get'))).toBe(value);

    const expires = (await halo.head(person, key)).headers.get('halo-expires-at');
    expect(await bash(await commandOf(page, 'Set'))).toContain('"created":false');
    const again = await halo.get(person, key);
    expect(await again.text()).toBe(value);
    expect(again.headers.get('content-type')).toBe(headers['content-type']);
    expect(again.headers.get('halo-metadata')).toBe(headers['halo-metadata']);
    expect(again.headers.get('halo-expires-at')).toBe(expires);

    await bash(await commandOf(page, 'Delete'));
    expect((await halo.get(person, key)).status).toBe(404);
  }
});

test('the JavaScript runs as it is pasted, and the CLI lines name the very key', async ({
  page,
  person,
  halo,
}) => {
  const [key = ''] = keys;
  await halo.set(person, key, 'first\n"value"', { headers: { 'content-type': 'text/plain' } });
  await page.goto(`${urlOf(key)}&tab=code`);
  await page.getByText('JavaScript', { exact: true }).click();
  const node = (script: string) =>
    run(process.execPath, ['--input-type=module', '-e', script], person.accessToken);
  const get = await commandOf(page, 'Get');
  expect(await node(`${get}\nconsole.log(JSON.stringify(value));`)).toBe('"first\\n\\"value\\""\n');
  await node(await commandOf(page, 'Set'));
  const again = await halo.get(person, key);
  expect(again.headers.get('halo-revision')).toBe('2');
  expect(await again.text()).toBe('first\n"value"');

  await page.getByText('CLI', { exact: true }).click();
  // A function in the place of the command shows the words that the shell hands to it.
  const words = (await commandOf(page, 'Set')).replace(/^halo /, "printf '<%s>' ");
  expect(await run('bash', ['-c', words], '')).toBe(`<set><${key}><first\n"value">`);
  await node(
    await (async () => {
      await page.getByText('JavaScript', { exact: true }).click();
      return commandOf(page, 'Delete');
    })(),
  );
  expect((await halo.get(person, key)).status).toBe(404);
});

test('a command is copied as it is shown', async ({ page, context, person, halo }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await halo.set(person, 'k', 'value');
  await page.goto(`${urlOf('k')}&tab=code`);
  await page.getByRole('button', { name: 'Copy the Get command' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await commandOf(page, 'Get'));
});
