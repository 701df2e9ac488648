import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { expect, signUpIn, test } from './browser-test.js';
import { rowsOf, urlOf, valueField, visitKey } from './console-steps.js';
import { openSample, setSampleKeys } from './sample-keys.js';
import { walks } from './screens.js';

// Run by scripts/screenshots.mjs: the pictures of the documentation, and one of every screen to look at.

const root = fileURLToPath(new URL('../../', import.meta.url));
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

test.use({ trace: 'off' });
test.beforeEach(({ page }) => page.emulateMedia({ reducedMotion: 'reduce' }));

async function takePicture(page: Page, path: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${root}${path}`, animations: 'disabled' });
}

test('the pictures of the documentation', async ({ page, halo, server }) => {
  await setSampleKeys(halo, await signUpIn(page.context(), server.url, 'demo'));
  const pictures = [
    { file: 'console', colorScheme: 'light', viewport: desktop },
    { file: 'console-dark', colorScheme: 'dark', viewport: desktop },
    { file: 'console-phone', colorScheme: 'light', viewport: phone },
  ] as const;
  for (const { file, colorScheme, viewport } of pictures) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await visitKey(page, openSample);
    await expect(valueField(page)).toContainText('"plan"');
    if (viewport === desktop) await expect(rowsOf(page).first()).toBeVisible();
    await takePicture(page, `docs/${file}.png`);
  }
});

test('the pictures of the other screens', async ({ page, halo, server }) => {
  const person = await signUpIn(page.context(), server.url, 'sample');
  await setSampleKeys(halo, person);
  await halo.set(person, openSample, (await halo.read(person, openSample)).toString().replace('250', '400'), {
    headers: { 'content-type': 'application/json' },
  });
  await page.setViewportSize(desktop);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${urlOf(openSample)}&tab=history`);
  await expect(page.getByText('"per_second": 400')).toBeVisible();
  await takePicture(page, 'docs/console-history.png');
  await page.goto('/home/activity');
  await expect(page.getByText(openSample).first()).toBeVisible();
  await page.emulateMedia({ colorScheme: 'dark' });
  await takePicture(page, 'docs/console-activity.png');
});

for (const [device, viewport] of Object.entries({ desktop, phone })) {
  for (const [name, walk] of Object.entries(walks)) {
    test(`${name} on a ${device}`, async ({ page, halo, server }) => {
      test.setTimeout(60_000);
      await page.setViewportSize(viewport);
      const visit = async (screen: string) => {
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await takePicture(page, `test-results/screens/${screen}-${device}-${colorScheme}.png`);
        }
      };
      await walk({ page, halo, url: server.url, visit });
    });
  }
}
