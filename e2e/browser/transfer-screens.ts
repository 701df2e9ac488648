import { expect } from '@playwright/test';
import { signUpIn } from './browser-test.js';
import { setSampleKeys } from './sample-keys.js';
import {
  chooseFile,
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
import type { Walk } from './walk.js';

/** Every state of the export. */
export async function walkExport({ page, halo, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  await setSampleKeys(halo, person);
  await openTransfer(page);
  await visit('transfer');
  const button = exportOf(page).getByRole('button', { name: 'Export' });

  const { opened, open } = gate();
  await page.route('**/v1/export', async (route) => {
    await opened;
    await route.fulfill({ status: 200, body: '{"halo":1}\n{"key":"a","value":"x"}\n' });
  });
  await button.click();
  await expect(exportOf(page).getByRole('button', { name: 'Cancel' })).toBeVisible();
  await visit('export-running');
  open();
  await expect(exportOf(page).getByRole('alert')).toBeVisible();
  await visit('export-incomplete');
  await page.unroute('**/v1/export');
  await exportOf(page).getByRole('button', { name: 'Try again' }).click();
  await expect(exportOf(page).getByText(/^Exported/)).toBeVisible();
  await visit('export-saved');

  const json = { code: 'overloaded', title: 'Busy', detail: 'Too many exports at once.', request_id: 'r-1' };
  await page.route('**/v1/export', (route) => route.fulfill({ status: 503, json }));
  await button.click();
  await expect(exportOf(page).getByRole('alert')).toBeVisible();
  await visit('export-failed');
}

/** Every state of the import. */
export async function walkImport({ page, halo, url, visit }: Walk): Promise<void> {
  const person = await signUpIn(page.context(), url);
  await halo.set(person, 'same', 'x', { headers: { 'content-type': 'text/plain; charset=utf-8' } });
  await halo.set(person, 'changed', 'y');
  await openTransfer(page);
  const over = JSON.stringify({ key: 'over', value: 'x', expires_at: '2001-01-01T00:00:00Z' });
  const faults = Array.from({ length: 7 }, () => '{"key": 1}');
  const lines = ['{"halo":1}', line('same'), line('changed'), line('new'), line('new'), over, ...faults];
  await chooseFile(page, `${lines.join('\n')}\n`);
  await previewOf(page);
  await visit('import-preview');
  await importOf(page).getByRole('button', { name: 'Try without changing anything' }).click();
  await resultOf(page);
  await visit('import-trial');
  await startImport(page);
  await expect(importOf(page).getByText(/^Imported/)).toBeVisible();
  await visit('import-done');

  await importOf(page).getByRole('button', { name: 'Import another file' }).click();
  await chooseFile(page, '');
  await expect(importOf(page).getByText('The file is empty')).toBeVisible();
  await visit('import-empty');
}

/** Every state of an import that takes its time, or fails. */
export async function walkImportTroubles({ page, url, visit }: Walk): Promise<void> {
  await signUpIn(page.context(), url);
  await openTransfer(page);
  await chooseFile(page, manyLines(50_001));
  await expect(importOf(page).getByText(/^Counted in the first/)).toBeVisible({ timeout: 30_000 });
  await visit('import-long');
  const { opened, open } = gate();
  await page.route('**/v1/import?*', async (route) => {
    await opened;
    await route.abort();
  });
  await startImport(page);
  await importOf(page).getByRole('button', { name: 'Cancel' }).waitFor();
  await visit('import-running');
  open();
  await expect(importOf(page).getByRole('alert')).toContainText('paused');
  await visit('import-paused');
  await importOf(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(importOf(page).getByText(/^The import was cancelled/)).toBeVisible();
  await visit('import-cancelled');

  await page.unroute('**/v1/import?*');
  const counts = { lines: 0, imported: 0, skipped: 0, failed: 0, bytes: 9, revision: 3 };
  const error = { line: 1, code: 'quota-exceeded', detail: 'The account may have 1,000,000 keys.' };
  const body = `${JSON.stringify({ done: false, error, ...counts, sha256_ok: null })}\n`;
  await page.route('**/v1/import?*', (route) => route.fulfill({ status: 200, body }));
  await importOf(page).getByRole('button', { name: 'Import another file' }).click();
  await chooseFile(page, line('one'));
  await startImport(page);
  await expect(importOf(page).getByRole('alert')).toContainText('Your account is full');
  await visit('import-full');

  await page.unroute('**/v1/import?*');
  const json = { code: 'rate-limited', title: '', detail: 'Too many requests.', request_id: 'r-1' };
  const headers = { 'retry-after': '60' };
  await page.route('**/v1/import?*', (route) => route.fulfill({ status: 429, headers, json }));
  await importOf(page).getByRole('button', { name: 'Import another file' }).click();
  await chooseFile(page, line('one'));
  await startImport(page);
  await expect(importOf(page).getByText(/^Going on by itself/)).toBeVisible();
  await visit('import-waiting');
  await importOf(page).getByRole('button', { name: 'Cancel' }).click();

  await page.route('**/v1/read', (route) =>
    route.fulfill({ status: 500, json: { ...json, code: 'internal' } }),
  );
  await importOf(page).getByRole('button', { name: 'Import another file' }).click();
  await chooseFile(page, line('one'));
  await expect(importOf(page).getByRole('alert')).toContainText('The preview could not be made');
  await visit('import-unread');
}
