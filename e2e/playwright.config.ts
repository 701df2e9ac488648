import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/**
 * Debian's own Chromium where it is installed; otherwise the one that Playwright downloads. Like that one, the first is
 * the engine without the windows, tabs and menus that nobody sees here and that are drawn all the same.
 */
const executablePath = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
].find((path) => existsSync(path));

/** `npm run screenshots` takes pictures with what the tests are made of. */
const takesPictures = process.env.HALO_SCREENSHOTS !== undefined;

export default defineConfig({
  testDir: 'browser',
  testMatch: takesPictures ? 'screenshots.ts' : '**/*.test.ts',
  outputDir: '../test-results/browser',
  reporter: 'list',
  // Every test has an account of its own, so any two may share a server and run at the same time.
  fullyParallel: true,
  // Each worker brings a browser, a Node and a PostgreSQL along; three wait often enough for two cores.
  workers: 3,
  // On shared machines a page may be late beyond all patience. What needed its second try is named as flaky.
  retries: 1,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  projects: [
    {
      name: 'chromium',
      use: {
        browserName: 'chromium',
        headless: true,
        viewport: { width: 1280, height: 800 },
        locale: 'en-US',
        timezoneId: 'UTC',
        actionTimeout: 10_000,
        // A trace costs as much as a test itself; whoever looks for a fault asks for it.
        trace: process.env.HALO_TEST_TRACE === undefined ? 'off' : 'retain-on-failure',
        screenshot: 'only-on-failure',
        launchOptions: {
          ...(executablePath === undefined ? {} : { executablePath }),
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--disable-quic',
            '--no-first-run',
          ],
        },
      },
    },
  ],
});
