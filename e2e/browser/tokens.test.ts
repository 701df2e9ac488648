import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Page } from '@playwright/test';
import { type ApiToken, limits } from 'halo-contract';
import { expect, test } from './browser-test.js';
import { successOf } from './console-steps.js';
import { apiOf } from './security-api.js';

const tokensPath = '/home/settings/tokens';

const dialogOf = (page: Page) => page.getByRole('dialog');
const rowsOf = (page: Page) => page.getByRole('list', { name: 'API tokens' }).getByRole('listitem');

/** Makes a token by the form and returns its secret, with the dialog still open. */
async function createByForm(page: Page, name: string, prefix = ''): Promise<string> {
  await page.getByRole('button', { name: 'New token' }).click();
  await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill(name);
  await dialogOf(page).getByRole('textbox', { name: 'Key prefix' }).fill(prefix);
  await dialogOf(page).getByRole('button', { name: 'Create token' }).click();
  await expect(dialogOf(page).getByText('This is the only time that you see it')).toBeVisible();
  const secret = (await dialogOf(page).locator('pre').first().textContent()) ?? '';
  expect(secret).toMatch(/^halo_[\w-]{40,}$/);
  return secret;
}

async function leaveSecret(page: Page): Promise<void> {
  await dialogOf(page).getByRole('button', { name: 'I have copied it' }).click();
  await expect(dialogOf(page)).toHaveCount(0);
}

/** All that TanStack Query keeps, found by way of React's own tree. */
async function cachesOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    interface Fiber {
      readonly child: Fiber | null;
      readonly sibling: Fiber | null;
      readonly stateNode: { readonly current: Fiber };
      readonly memoizedProps: { readonly client?: Client } | null;
    }
    interface Cache {
      readonly getAll: () => { readonly state: unknown; readonly queryKey?: unknown }[];
    }
    interface Client {
      readonly getQueryCache?: () => Cache;
      readonly getMutationCache: () => Cache;
    }
    const root = document.querySelector('#root') as unknown as Record<string, Fiber>;
    const name = Object.keys(root).find((key) => key.startsWith('__reactContainer$')) ?? '';
    const fibers: (Fiber | null | undefined)[] = [root[name]?.stateNode.current];
    while (fibers.length > 0) {
      const fiber = fibers.pop();
      if (!fiber) continue;
      const client = fiber.memoizedProps?.client;
      if (client?.getQueryCache !== undefined) {
        const all = [...client.getQueryCache().getAll(), ...client.getMutationCache().getAll()];
        return JSON.stringify(all.map(({ state, queryKey }) => [queryKey, state]));
      }
      fibers.push(fiber.sibling, fiber.child);
    }
    throw new Error('The caches were not found.');
  });
}

test('a token’s secret is shown once and is nowhere after its dialog; revoked, it gets 401', async ({
  page,
  person,
  halo,
  server,
}) => {
  await halo.set(person, 'app/one', '1');
  await page.goto(tokensPath);
  const secret = await createByForm(page, 'nightly backup', 'app/');
  // Positive control: while it is shown it is found.
  expect(await page.content()).toContain(secret);
  await leaveSecret(page);

  await expect(rowsOf(page)).toHaveCount(1);
  const caches = await cachesOf(page);
  expect(caches).toContain('nightly backup');
  expect(caches).not.toContain(secret);
  const kept = await page.evaluate(() => [
    document.documentElement.outerHTML,
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    document.cookie,
    location.href,
    JSON.stringify(history.state),
  ]);
  expect(kept.join('\n')).not.toContain(secret);
  await page.reload();
  await expect(rowsOf(page)).toHaveCount(1);
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('button', { name: 'New token' }).click();
  await expect(dialogOf(page).getByRole('textbox', { name: 'Name' })).toHaveValue('');
  expect(await page.content()).not.toContain(secret);
  await page.keyboard.press('Escape');
  await expect(dialogOf(page)).toHaveCount(0);

  const list = () =>
    fetch(`${server.url}/v1/keys?prefix=app/`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await list()).status).toBe(200);
  await page.getByRole('button', { name: 'Revoke nightly backup' }).click();
  await expect(dialogOf(page)).toContainText('Revoke nightly backup?');
  await dialogOf(page).getByRole('button', { name: 'Revoke' }).click();
  await expect(successOf(page, 'Token revoked')).toContainText('nightly backup');
  await expect(page.getByRole('heading', { name: 'No API tokens yet' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Your API tokens' })).toBeFocused();
  const refused = await list();
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ code: 'session-ended' });
});

test('the command beside a new token works as it is pasted', async ({ page, person, halo }) => {
  for (const key of ["it's/one", 'other']) await halo.set(person, key, '1');
  await page.goto(tokensPath);
  await createByForm(page, 'terminal', "it's/");
  const command = (await dialogOf(page).locator('pre').last().textContent()) ?? '';
  const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, complaints] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(JSON.parse(output), complaints).toMatchObject({ keys: [{ key: "it's/one" }] });
  await leaveSecret(page);
});

test('the form makes the token that was asked for', async ({ page, person, halo }) => {
  const api = apiOf(halo, person);
  await page.goto(tokensPath);
  const days = async (): Promise<number | null> => {
    const token = (await api.tokens())[0] as ApiToken;
    if (token.expires_at === null) return null;
    return Math.round((Date.parse(token.expires_at) - Date.parse(token.created_at)) / 86_400_000);
  };
  const cases = [
    { choice: '1', expected: 1 },
    { choice: '365', expected: 365 },
    { choice: 'never', expected: null },
  ];
  for (const { choice, expected } of cases) {
    await page.getByRole('button', { name: 'New token' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill(`lasts ${choice}`);
    await dialogOf(page).getByText('Read and write', { exact: true }).click();
    await dialogOf(page).getByRole('combobox', { name: 'Expires after' }).selectOption(choice);
    await dialogOf(page).getByRole('button', { name: 'Create token' }).click();
    await leaveSecret(page);
    expect(await days()).toBe(expected);
  }
  expect((await api.tokens())[0]).toMatchObject({ access: 'write', prefix: '', name: 'lasts never' });

  await page.getByRole('button', { name: 'New token' }).click();
  await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill('dated');
  await dialogOf(page).getByRole('combobox', { name: 'Expires after' }).selectOption('date');
  const inTen = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  await dialogOf(page).getByLabel('Last day').fill(inTen);
  await dialogOf(page).getByRole('button', { name: 'Create token' }).click();
  await leaveSecret(page);
  // The browser of the tests is in UTC.
  expect((await api.tokens())[0]?.expires_at).toContain(`${inTen}T23:59:5`);
  await expect(rowsOf(page)).toHaveCount(4);
  await expect(rowsOf(page).filter({ hasText: 'lasts never' })).toContainText('Read and write');
});

test('what the server refuses is said beside its field', async ({ page, person, halo }) => {
  await page.goto(tokensPath);
  await page.getByRole('button', { name: 'New token' }).click();
  // Only the server knows that this is no name.
  const name = dialogOf(page).getByRole('textbox', { name: 'Name' });
  await name.fill('a\u0085b');
  await dialogOf(page).getByRole('button', { name: 'Create token' }).click();
  await expect(dialogOf(page).getByText('A name has visible characters in it')).toBeVisible();
  await expect(name).toBeFocused();
  expect(await apiOf(halo, person).tokens()).toEqual([]);
});

test('the last use is shown, and never before the first', async ({ page, person, halo }) => {
  const { token } = await apiOf(halo, person).createToken({ name: 'reader', access: 'read' });
  await page.goto(tokensPath);
  const used = rowsOf(page).locator('dl > div').filter({ hasText: 'Last used' });
  await expect(used).toContainText('Never');
  expect((await halo.request('GET', '/v1/keys', { token })).status).toBe(200);
  // Uses are written down by the minute; what this shows is that the answer is.
  await page.route('**/v1/tokens', async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as { tokens: ApiToken[] };
    const at = new Date(Date.now() - 3 * 60_000).toISOString();
    await route.fulfill({ response, json: { tokens: body.tokens.map((t) => ({ ...t, last_used_at: at })) } });
  });
  await page.reload();
  await expect(used).toContainText('3 min ago');
});

test('one token too many is refused in words, and the form stays', async ({ page, person, halo }) => {
  const api = apiOf(halo, person);
  for (let made = 0; made < limits.tokensMax; made += 1) {
    await api.createToken({ name: `token ${made}`, access: 'read' });
  }
  await page.goto(tokensPath);
  await expect(page.getByText('100 of at most 100 tokens')).toBeVisible();
  await page.getByRole('button', { name: 'New token' }).click();
  await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill('one more');
  await dialogOf(page).getByRole('button', { name: 'Create token' }).click();
  const alert = dialogOf(page).getByRole('alert');
  await expect(alert).toContainText('There is no room for another token');
  await expect(alert).toContainText('at most 100 API tokens');
  await expect(dialogOf(page).getByRole('textbox', { name: 'Name' })).toHaveValue('one more');
});

test('a token that is gone already is no failure', async ({ page, person, halo }) => {
  const api = apiOf(halo, person);
  const { id } = await api.createToken({ name: 'fleeting', access: 'read' });
  await page.goto(tokensPath);
  await page.getByRole('button', { name: 'Revoke fleeting' }).click();
  await api.revokeToken(id);
  await dialogOf(page).getByRole('button', { name: 'Revoke' }).click();
  await expect(successOf(page, 'The token was gone already')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(0);
});

test('a token is made and revoked by keyboard alone', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  const { keyboard } = page;
  await page.goto(tokensPath);
  await page.getByRole('heading', { name: 'No API tokens yet' }).waitFor();
  await page.getByRole('button', { name: 'New token' }).focus();
  await keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('textbox', { name: 'Name' })).toBeFocused();
  await keyboard.type('typed');
  await keyboard.press('Tab');
  await keyboard.press('ArrowRight');
  await keyboard.press('Tab');
  await expect(dialogOf(page).getByRole('textbox', { name: 'Key prefix' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(dialogOf(page).getByText('This is the only time that you see it')).toBeVisible();
  // Escape would be too easily pressed: the secret has to be left on purpose.
  await keyboard.press('Escape');
  await expect(dialogOf(page).locator('pre').first()).toBeVisible();
  await keyboard.press('Tab');
  await expect(dialogOf(page).getByRole('button', { name: 'Copy the token' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await expect(dialogOf(page).getByRole('button', { name: 'I have copied it' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'New token' })).toBeFocused();
  await expect(rowsOf(page)).toContainText(['Read and write']);
  await keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Revoke typed' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('button', { name: 'Cancel' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(successOf(page, 'Token revoked')).toBeVisible();
});
