import type { Page } from '@playwright/test';
import { goodPassword, type Halo, type Person } from '../halo.js';
import { linesOf } from '../transfer.js';
import { expect, signUpIn, test } from './browser-test.js';
import { accessTokenDuring, rowOf } from './console-steps.js';
import {
  chooseFile,
  downloadBy,
  exportOf,
  gate,
  importOf,
  line,
  manyLines,
  openTransfer,
  previewOf,
  resultOf,
  startImport,
} from './transfer-steps.js';

async function setOddKeys(halo: Halo, person: Person): Promise<void> {
  await halo.set(person, 'json', '{"n": 9007199254740993}', {
    headers: { 'content-type': 'application/json', 'halo-metadata': '{"by":"test"}' },
  });
  await halo.set(person, 'a/../b %2F?#', 'text\nwith lines', { query: 'ttl=86400' });
  await halo.set(
    person,
    'emoji/🔑',
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  await halo.set(person, 'empty', '');
}

/** Everything there is to say of a person's keys, but for revisions and times of writing. */
async function contentOf(halo: Halo, person: Person): Promise<unknown[]> {
  const { keys } = await halo.page(person, { values: 'true', limit: '1000' });
  return keys.map(({ revision: _, created_at: _c, updated_at: _u, ...content }) => content);
}

async function runExport(page: Page): Promise<string> {
  return downloadBy(page, () => exportOf(page).getByRole('button', { name: 'Export' }).click());
}

test('what is exported can be imported into another account, and is the same', async ({
  page,
  person,
  halo,
  newBrowser,
  server,
}) => {
  await setOddKeys(halo, person);
  await openTransfer(page);
  const file = await runExport(page);
  await expect(exportOf(page).getByText('Exported 4 keys')).toBeVisible();
  await expect(exportOf(page).getByText('its checksum is right')).toBeVisible();
  expect(linesOf(file)).toHaveLength(6);

  const browser = await newBrowser();
  const other = await signUpIn(browser, server.url);
  const elsewhere = await browser.newPage();
  await openTransfer(elsewhere);
  await chooseFile(elsewhere, file);
  expect(await previewOf(elsewhere)).toEqual(['New 4', 'Changed 0', 'Same 0', 'Invalid 0']);
  await expect(importOf(elsewhere).getByText('The file is complete: its checksum is right.')).toBeVisible();
  await startImport(elsewhere);
  await expect(importOf(elsewhere).getByText('Imported 4 keys')).toBeVisible();
  expect(await contentOf(halo, other)).toEqual(await contentOf(halo, person));

  await importOf(elsewhere).getByRole('button', { name: 'Import another file' }).click();
  await chooseFile(elsewhere, file);
  expect(await previewOf(elsewhere)).toEqual(['New 0', 'Changed 0', 'Same 4', 'Invalid 0']);
});

test('an export of a prefix has its keys only', async ({ page, person, halo }) => {
  await setOddKeys(halo, person);
  await openTransfer(page);
  await exportOf(page).getByRole('textbox', { name: 'Only keys that begin with' }).fill('em');
  expect(linesOf(await runExport(page)).slice(1, -1)).toMatchObject([{ key: 'emoji/🔑' }, { key: 'empty' }]);
});

test('an export goes into a file that the person picks', async ({ page, person, halo }) => {
  await setOddKeys(halo, person);
  await page.addInitScript(() => {
    // A real file of the browser's own; the dialog that would pick one cannot be used from here.
    const pick = async () =>
      (await navigator.storage.getDirectory()).getFileHandle('export.ndjson', { create: true });
    Object.assign(window, { showSaveFilePicker: pick });
  });
  await page.goto('/home/transfer');
  await exportOf(page).getByRole('button', { name: 'Export' }).click();
  await expect(exportOf(page).getByText('Exported 4 keys')).toBeVisible();
  const text = await page.evaluate(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('export.ndjson');
    return (await handle.getFile()).text();
  });
  expect(linesOf(text)).toHaveLength(6);
});

test('an export that lacks its end is called incomplete, and saved only on request', async ({
  page,
  person,
  halo,
}) => {
  await setOddKeys(halo, person);
  await openTransfer(page);
  const whole = await runExport(page);
  const body = `${whole.trimEnd().split('\n').slice(0, 3).join('\n')}\n`;
  await page.route('**/v1/export', (route) => route.fulfill({ status: 200, body }));
  await exportOf(page).getByRole('button', { name: 'Export' }).click();
  const alert = exportOf(page).getByRole('alert');
  await expect(alert).toContainText('The export is incomplete');
  await expect(alert).toContainText('2 keys');
  const saved = await downloadBy(page, () =>
    alert.getByRole('button', { name: 'Save what arrived' }).click(),
  );
  expect(saved).toBe(body);
  await chooseFile(page, saved);
  await expect(importOf(page).getByText('The file is incomplete')).toBeVisible();
});

test('an export can be cancelled, and failed ones say why', async ({ page, person, halo }) => {
  await setOddKeys(halo, person);
  await openTransfer(page);
  // It gets no answer, until the page gives it up.
  await page.route('**/v1/export', () => {});
  await exportOf(page).getByRole('button', { name: 'Export' }).click();
  await exportOf(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(exportOf(page).getByText('Export cancelled')).toBeVisible();
  await page.unroute('**/v1/export');
  const json = { code: 'overloaded', title: 'Busy', detail: 'Too many exports.', request_id: 'r-77' };
  await page.route('**/v1/export', (route) => route.fulfill({ status: 503, json }));
  await exportOf(page).getByRole('button', { name: 'Export' }).click();
  await expect(exportOf(page).getByRole('alert')).toContainText('Too many exports.');
  await expect(exportOf(page).getByRole('alert')).toContainText('r-77');
  await page.unroute('**/v1/export');
  await downloadBy(page, () => exportOf(page).getByRole('button', { name: 'Retry' }).click());
});

test.describe('conflicts', () => {
  const text = [
    line('new'),
    line('same'),
    'not json',
    line('old', 'newer'),
    line('last'),
    '{"key":"","value":"x"}',
  ]
    .map((each) => `${each}\n`)
    .join('');

  async function prepare(page: Page, halo: Halo, person: Person): Promise<void> {
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    await halo.set(person, 'same', 'x', { headers });
    await halo.set(person, 'old', 'older', { headers });
    await openTransfer(page);
    await chooseFile(page, text);
    expect(await previewOf(page)).toEqual(['New 2', 'Changed 1', 'Same 1', 'Invalid 2']);
    await expect(importOf(page).getByRole('row', { name: /^3 The line is not JSON/ })).toBeVisible();
    await expect(importOf(page).getByRole('row', { name: /^6 A key has at least one byte/ })).toBeVisible();
  }

  test('are left alone, and rejected lines can be downloaded', async ({ page, person, halo }) => {
    await prepare(page, halo, person);
    await startImport(page, 'Leave them as they are');
    expect(await resultOf(page)).toEqual(['Set 2', 'Left out 2', 'Rejected 2']);
    expect((await halo.read(person, 'old')).toString()).toBe('older');
    const rejected = await downloadBy(page, () =>
      importOf(page).getByRole('button', { name: 'Download the rejected lines' }).click(),
    );
    expect(linesOf(rejected)).toMatchObject([
      { line: 3, code: 'invalid-request', text: 'not json' },
      { line: 6, code: 'invalid-key', text: '{"key":"","value":"x"}' },
    ]);
    await importOf(page).getByRole('link', { name: 'See your keys' }).click();
    await expect(rowOf(page, 'last')).toBeVisible();
  });

  test('are replaced, and the import is undone', async ({ page, person, halo }) => {
    await prepare(page, halo, person);
    const before = await contentOf(halo, person);
    await startImport(page, 'Replace them');
    expect(await resultOf(page)).toEqual(['Set 4', 'Left out 0', 'Rejected 2']);
    expect((await halo.read(person, 'old')).toString()).toBe('newer');
    await importOf(page).getByRole('button', { name: 'Undo the import' }).click();
    await expect(importOf(page).getByText('The import has been undone.')).toBeVisible();
    expect(await contentOf(halo, person)).toEqual(before);
  });

  test('stop the import', async ({ page, person, halo }) => {
    await prepare(page, halo, person);
    await startImport(page, 'Stop at the first');
    await expect(importOf(page).getByRole('alert')).toContainText(
      'Stopped at line 2: its key exists already',
    );
    expect(await resultOf(page)).toEqual(['Set 1', 'Left out 0', 'Rejected 0']);
    expect((await halo.get(person, 'last')).status).toBe(404);
  });

  test('are only tried', async ({ page, person, halo }) => {
    await prepare(page, halo, person);
    await importOf(page).getByRole('radio', { name: 'Replace them' }).check();
    await importOf(page).getByRole('button', { name: 'Try without changing anything' }).click();
    await expect(importOf(page).getByText('The import would set 4 keys')).toBeVisible();
    expect(await resultOf(page)).toEqual(['Would be set 4', 'Left out 0', 'Rejected 2']);
    expect((await halo.account(person)).revision).toBe(2);
    await startImport(page);
    await expect(importOf(page).getByText('Imported 4 keys')).toBeVisible();
  });
});

test('a dropped file is previewed like a chosen one', async ({ page, person: _ }) => {
  await openTransfer(page);
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'dropped.ndjson'));
    return data;
  }, line('dropped'));
  await importOf(page)
    .getByText('Drop an export of Halo here')
    .dispatchEvent('drop', { dataTransfer: transfer });
  await expect(importOf(page).getByText('dropped.ndjson')).toBeVisible();
  expect(await previewOf(page)).toEqual(['New 1', 'Changed 0', 'Same 0', 'Invalid 0']);
});

test('an empty file and one without keys say so', async ({ page, person: _ }) => {
  await openTransfer(page);
  await chooseFile(page, '');
  await expect(importOf(page).getByText('The file is empty')).toBeVisible();
  await importOf(page).getByRole('button', { name: 'Choose another file' }).click();
  await chooseFile(page, '\n\n');
  await expect(importOf(page).getByText('The file has no keys')).toBeVisible();
});

test('a long file is previewed in part, and imported whole', async ({ page, person, halo }) => {
  test.setTimeout(90_000);
  await openTransfer(page);
  await chooseFile(page, manyLines(50_100));
  await expect(importOf(page).getByText('Counted in the first 50,000 lines only')).toBeVisible({
    timeout: 40_000,
  });
  await startImport(page);
  await expect(importOf(page).getByText('Imported 50,100 keys')).toBeVisible({ timeout: 40_000 });
  await expect(importOf(page).getByText(/Its commits lie between revisions 1 and/)).toBeVisible();
  expect((await halo.account(person)).usage.keys).toBe(50_100);
});

test.describe('an import in parts', () => {
  const count = 12_000;

  async function begin(page: Page): Promise<void> {
    await openTransfer(page);
    await chooseFile(page, manyLines(count));
    await previewOf(page);
  }

  test('is cancelled, and tells exactly what stays', async ({ page, person, halo }) => {
    await begin(page);
    const { opened, open } = gate();
    await page.route('**/v1/import?*', async (route) => {
      await opened;
      await route.continue();
    });
    await startImport(page);
    await importOf(page).getByRole('button', { name: 'Cancel' }).click();
    await expect(importOf(page).getByText('Stopping after the part that is under way')).toBeVisible();
    open();
    await expect(importOf(page).getByText(/The import was cancelled after line/)).toBeVisible();
    const [set] = await resultOf(page);
    const { keys } = (await halo.account(person)).usage;
    expect(set).toBe(`Set ${keys.toLocaleString('en-US')}`);
    expect(keys).toBeGreaterThan(0);
    expect(keys).toBeLessThan(count);
  });

  test('goes on by itself when the connection is back', async ({ page, person, halo, context }) => {
    await begin(page);
    let parts = 0;
    await page.route('**/v1/import?*', async (route) => {
      parts += 1;
      if (parts !== 2) return route.continue();
      await context.setOffline(true);
      await route.abort('internetdisconnected');
    });
    await startImport(page, 'Stop at the first');
    await expect(importOf(page).getByRole('alert')).toContainText('The import is paused after line');
    const { keys } = (await halo.account(person)).usage;
    expect(keys).toBeGreaterThan(0);
    expect(keys).toBeLessThan(count);
    await context.setOffline(false);
    await expect(importOf(page).getByText('Imported 12,000 keys')).toBeVisible();
    expect((await halo.account(person)).usage.keys).toBe(count);
  });

  test('waits for the log-in when the session ends, and goes on', async ({ page, person, halo }) => {
    await openTransfer(page);
    const accessToken = await accessTokenDuring(page, () => chooseFile(page, manyLines(count)));
    await previewOf(page);
    let parts = 0;
    await page.route('**/v1/import?*', async (route) => {
      parts += 1;
      if (parts === 2) await halo.logOut({ ...person, accessToken });
      await route.continue();
    });
    await startImport(page);
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.getByRole('textbox', { name: 'Password' }).fill(goodPassword);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await expect(importOf(page).getByText('Imported 12,000 keys')).toBeVisible();
    expect((await halo.account(await halo.logIn(person))).usage.keys).toBe(count);
  });

  test('waits as long as the server asks, and sends less to one that takes less', async ({
    page,
    person,
    halo,
  }) => {
    await begin(page);
    let parts = 0;
    await page.route('**/v1/import?*', (route) => {
      parts += 1;
      const about = { title: '', detail: 'Too many requests.', request_id: 'r-1' };
      const headers = { 'retry-after': '1' };
      if (parts === 1)
        return route.fulfill({ status: 429, headers, json: { code: 'rate-limited', ...about } });
      const { length } = route.request().postDataBuffer() ?? Buffer.alloc(0);
      if (length > 200_000) return route.fulfill({ status: 413, body: 'Too large for this proxy.' });
      return route.continue();
    });
    await startImport(page);
    await expect(importOf(page).getByText(/Going on by itself in/)).toBeVisible();
    await expect(importOf(page).getByText('Imported 12,000 keys')).toBeVisible();
    expect((await halo.account(person)).usage.keys).toBe(count);
  });

  test('asks before it is left', async ({ page, person: _ }) => {
    await begin(page);
    const { opened, open } = gate();
    await page.route('**/v1/import?*', async (route) => {
      await opened;
      await route.continue();
    });
    await startImport(page);
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Stop the import and leave?' });
    await question.getByRole('button', { name: 'Stay' }).click();
    await expect(question).toHaveCount(0);
    open();
    await expect(importOf(page).getByText('Imported 12,000 keys')).toBeVisible();
  });
});
