import assert from 'node:assert/strict';
import { type BrowserContext, test as base, expect } from '@playwright/test';
import { type Grant, operations } from 'halo-contract';
import { goodPassword, type Halo, haloAt, newName, type Person, personOf } from '../halo.js';
import { type HaloServer, startHalo } from '../halo-server.js';
import { watchFaults } from './page-faults.js';

interface PerWorker {
  readonly server: HaloServer;
  /** The API of the same server, to prepare what a page shows and to check what it did. */
  readonly halo: Halo;
}

interface PerTest {
  /** Somebody new, who is logged in in the browser of the test; their pages find the session by its cookie. */
  readonly person: Person;
  /** Opens a browser of its own, which shares nothing with the first. */
  readonly newBrowser: () => Promise<BrowserContext>;
}

/** A test against a real server, which fails for any fault of any page, whatever else it finds. */
export const test = base.extend<PerTest, PerWorker>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern.
    async ({}, use) => {
      const server = await startHalo();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  halo: [({ server }, use) => use(haloAt(server.url)), { scope: 'worker' }],
  baseURL: ({ server }, use) => use(server.url),
  context: async ({ context, server }, use) => {
    const faults = watchFaults(context, server.url);
    await use(context);
    expect(faults).toEqual([]);
  },
  newBrowser: async ({ browser, server }, use) => {
    const opened: BrowserContext[] = [];
    const faults: (readonly string[])[] = [];
    await use(async () => {
      const context = await browser.newContext({ baseURL: server.url });
      opened.push(context);
      faults.push(watchFaults(context, server.url));
      return context;
    });
    for (const context of opened) await context.close();
    expect(faults.flat()).toEqual([]);
  },
  person: async ({ context, baseURL }, use) => use(await signUpIn(context, baseURL ?? '')),
});

export { expect };

/** Signs somebody new up and leaves the session's cookie in a browser. */
export async function signUpIn(context: BrowserContext, origin: string, name = newName()): Promise<Person> {
  const data = { name, password: goodPassword, cookie: true };
  // The server gives its cookie to the console's own origin only.
  const response = await context.request.post(operations.signUp.path, { data, headers: { origin } });
  assert.equal(response.status(), 201, await response.text());
  return personOf((await response.json()) as Grant);
}
