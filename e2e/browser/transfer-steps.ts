import { readFile } from 'node:fs/promises';
import { type Download, expect, type Locator, type Page } from '@playwright/test';

export function exportOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Export', exact: true });
}

export function importOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Import', exact: true });
}

/** Opens the screen in a browser that saves by downloading, as those without a file picker do. */
export async function openTransfer(page: Page): Promise<void> {
  await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await page.goto('/home/transfer');
  await expect(page.getByRole('heading', { name: 'Transfer', level: 1 })).toBeVisible();
}

/** Chooses a file with this text. */
export async function chooseFile(page: Page, text: string, name = 'keys.ndjson'): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await importOf(page).getByRole('button', { name: 'Choose a file' }).click();
  const file = { name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) };
  await (await chooser).setFiles(file);
}

/** Waits for the preview and returns its numbers, such as `New 2`. */
export async function previewOf(page: Page): Promise<string[]> {
  return numbersOf(importOf(page).getByRole('region', { name: 'What the file has' }));
}

/** Waits for the end of an import and returns its numbers. */
export async function resultOf(page: Page): Promise<string[]> {
  return numbersOf(importOf(page).getByRole('region', { name: /^What the import/ }));
}

async function numbersOf(region: Locator): Promise<string[]> {
  await expect(region).toBeVisible();
  return region
    .locator('dl > div')
    .evaluateAll((items) =>
      items.map(
        (item) => `${item.querySelector('dt')?.textContent} ${item.querySelector('dd')?.textContent}`,
      ),
    );
}

/** Starts an import with a rule, by its label. */
export async function startImport(page: Page, rule?: string): Promise<void> {
  if (rule !== undefined) await importOf(page).getByRole('radio', { name: rule }).check();
  await importOf(page).getByRole('button', { name: 'Import', exact: true }).click();
}

/** Downloads what an action leads to, as text. */
export async function downloadBy(page: Page, act: () => Promise<void>): Promise<string> {
  const coming = page.waitForEvent('download');
  await act();
  const download: Download = await coming;
  return readFile(await download.path(), 'utf8');
}

export function line(key: string, value = 'x'): string {
  return JSON.stringify({ key, value });
}

/** Lines of so many keys, more than one part of an import takes. */
export function manyLines(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `${line(`many/${index}`, 'a value of some length')}\n`,
  ).join('');
}

/** A gate that requests stand before until it is opened. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
