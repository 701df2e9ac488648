import { expect, test } from './browser-test.js';
import { openKeyOf, rowOf } from './console-steps.js';

/** Held with the fonts and in whichever encoding the server chose; `npm run bench:console` tells where bytes go. */
const firstLoadBytesMax = 300_000;

interface LoadedFile {
  readonly name: string;
  readonly bytes: number;
  readonly bytesDecoded: number;
  /** Asked for before the tree was there; a font is part of it whenever it comes. */
  readonly isFirst: boolean;
}

/** Notes in the page when the first row of the tree is there. */
function noteTree(): void {
  const observer = new MutationObserver(() => {
    if (document.querySelector('[role="treeitem"]') === null) return;
    performance.mark('tree');
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Runs in the page: the files of the console that it has loaded so far. */
function readLoaded(): LoadedFile[] {
  const treeMs = performance.getEntriesByName('tree')[0]?.startTime ?? Number.NaN;
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ].filter((entry) => entry instanceof PerformanceResourceTiming);
  return entries
    .map(({ name, encodedBodySize, decodedBodySize, startTime }) => ({
      name: new URL(name).pathname,
      bytes: encodedBodySize,
      bytesDecoded: decodedBodySize,
      isFirst: startTime <= treeMs || name.endsWith('.woff2'),
    }))
    .filter(({ name }) => name.startsWith('/home'));
}

test('until the tree shows at most 300,000 bytes are loaded, and what opening a key takes comes then', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'folder/key', '"value"', { headers: { 'content-type': 'application/json' } });
  await halo.set(person, 'other', '"value"', { headers: { 'content-type': 'application/json' } });
  await page.addInitScript(noteTree);
  await page.goto('/home/keys');
  await expect(rowOf(page, 'folder/')).toBeVisible();
  await expect
    .poll(async () => (await page.evaluate(readLoaded)).map(({ name }) => name))
    .toContainEqual(expect.stringContaining('/open-pane-'));
  await page.evaluate(() => document.fonts.ready);

  const loaded = await page.evaluate(readLoaded);
  const first = loaded.filter(({ isFirst }) => isFirst);
  expect(first.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(firstLoadBytesMax);
  const names = first.map(({ name }) => name);
  for (const part of ['/home/keys', '/assets/index-', '/assets/keys-screen-', '/assets/geist-latin-wght-']) {
    expect(names).toContainEqual(expect.stringContaining(part));
  }
  expect(names).not.toContainEqual(expect.stringContaining('/open-pane-'));
  for (const { name, bytes, bytesDecoded } of first) {
    if (/\.(?:js|css)$/.test(name) && bytesDecoded > 1_024)
      expect([name, bytes < bytesDecoded]).toEqual([name, true]);
  }

  // Opening a key now asks for none of its own code any more.
  await page.route('**/assets/open-pane-*', (route) => route.abort());
  await rowOf(page, 'other').click();
  await expect(openKeyOf(page)).toHaveText('other');
});

test('while what is open cannot be loaded the list still works, and a reload mends it', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'key', 'value');
  await halo.set(person, 'other', 'value');
  await page.route('**/assets/open-pane-*.js', (route) => route.abort());
  await page.goto('/home/keys?key=key');
  const alert = page.getByRole('alert').filter({ hasText: 'This part of the screen could not be loaded' });
  await expect(alert).toBeVisible();
  await rowOf(page, 'other').click();
  await expect(page).toHaveURL(/key=other/);
  await expect(alert).toBeVisible();
  await page.unroute('**/assets/open-pane-*.js');
  await alert.getByRole('button', { name: 'Reload' }).click();
  await expect(openKeyOf(page)).toHaveText('other');
});

test('a dialog whose code cannot be loaded says so, and opens when it can', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'key', 'value');
  await page.route('**/assets/shortcut-sheet-*.js', (route) => route.abort());
  await page.goto('/home/keys');
  await expect(rowOf(page, 'key')).toBeVisible();
  await page.keyboard.press('?');
  await expect(
    page.getByRole('alert').filter({ hasText: 'The shortcuts could not be loaded' }),
  ).toBeVisible();
  await page.unroute('**/assets/shortcut-sheet-*.js');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
});
