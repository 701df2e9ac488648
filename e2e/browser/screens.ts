import { expect } from '@playwright/test';
import { goodPassword, newName, type Person } from '../halo.js';
import { signUpIn } from './browser-test.js';
import {
  accessTokenDuring,
  expectValue,
  logInByForm,
  openKeyOf,
  rowOf,
  rowsOf,
  save,
  searchField,
  startEditing,
  successOf,
  trySave,
  urlOf,
  valueField,
  visitKey,
  writeValue,
} from './console-steps.js';
import { walkFrame } from './frame-screens.js';
import { walkHistory, walkTabs, walkTransfers, walkViewers } from './key-screens.js';
import { openSample, setSampleKeys } from './sample-keys.js';
import { settingsWalks } from './settings-screens.js';
import { walkExport, walkImport, walkImportTroubles } from './transfer-screens.js';
import { walkUsage } from './usage-screens.js';
import type { Walk } from './walk.js';

type Step = (walk: Walk) => Promise<void>;

/** Every screen and every dialog of the console, in walks that can be taken one by one. */
export const walks: Readonly<Record<string, Step>> = {
  'log-in and sign-up': walkGates,
  'the keys': walkKeys,
  'the tabs of a key': async (walk) => {
    await begin(walk);
    await walkTabs(walk);
  },
  'the history of a key': async (walk) => walkHistory(walk, await begin(walk)),
  'pictures, bytes and files': async (walk) => walkViewers(walk, await begin(walk)),
  'renaming a key': async (walk) => {
    await begin(walk);
    await walkTransfers(walk);
  },
  'menus and questions': walkDialogs,
  'folders and many keys': walkFolders,
  'writing a value': walkDrafts,
  conflicts: walkConflicts,
  'what goes wrong': walkFailures,
  'the frame and its screens': walkFrame,
  ...settingsWalks,
  'the export': walkExport,
  'the import': walkImport,
  'the import in trouble': walkImportTroubles,
  'the usage': walkUsage,
};

async function begin({ page, halo, url }: Walk): Promise<Person> {
  const person = await signUpIn(page.context(), url);
  await setSampleKeys(halo, person);
  return person;
}

async function walkGates(walk: Walk): Promise<void> {
  const { page, url, visit } = walk;
  await page.goto('/home');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await visit('log-in');

  await logInByForm(page, { name: newName(), password: goodPassword });
  await expect(page.getByRole('alert')).toBeVisible();
  await visit('log-in-refused');

  await page.getByRole('link', { name: 'Create an account' }).click();
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  await visit('sign-up');
  await page.getByRole('textbox', { name: 'Name' }).fill('a b');
  await page.getByRole('textbox', { name: 'Password' }).fill('short');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByText(/Use at least/)).toBeVisible();
  await visit('sign-up-faults');

  await signUpIn(page.context(), url);
  await page.goto('/home');
  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  await expect(valueField(page)).toBeVisible();
  await visit('empty-account');
  await page.locator('pre').last().scrollIntoViewIfNeeded();
  await visit('empty-account-terminal');

  await page.goto('/home/nowhere');
  await expect(page.getByText('There is no such page')).toBeVisible();
  await visit('no-such-page');
}

async function walkKeys(walk: Walk): Promise<void> {
  const { page, halo, visit } = walk;
  const person = await begin(walk);
  await page.goto('/home');
  await expect(rowsOf(page).first()).toBeVisible();
  await visit('keys');

  await visitKey(page, openSample);
  await expect(valueField(page)).toBeVisible();
  await visit('key');

  await page.goto('/home');
  await searchField(page).fill('users/');
  await expect(page.getByText('8 keys', { exact: true })).toBeVisible();
  await visit('search');
  await searchField(page).fill('nothing/like/this');
  await expect(page.getByText('No key begins with')).toBeVisible();
  await visit('no-match');

  await page.goto(urlOf('app/config/missing'));
  await expect(page.getByText('Not found')).toBeVisible();
  await visit('missing-key');

  await visitKey(page, 'assets/noise.bin');
  await expect(page.getByRole('region', { name: 'Value in hex' })).toBeVisible();
  await visit('hex');

  await halo.set(person, 'logs/long.txt', 'a long text, line after line\n'.repeat(12_000));
  await visitKey(page, 'logs/long.txt');
  await expect(page.getByText(/^These are the first/)).toBeVisible();
  await expect(valueField(page)).toBeVisible();
  await visit('preview');
  await halo.set(person, 'logs/longer.txt', 'a longer text, line after line\n'.repeat(40_000));
  await visitKey(page, 'logs/longer.txt');
  await expect(page.getByText('Too long to show')).toBeVisible();
  await visit('too-long');
}

async function walkDialogs(walk: Walk): Promise<void> {
  const { page, visit } = walk;
  const { name } = await begin(walk);
  await visitKey(page, openSample);
  await expect(valueField(page)).toBeVisible();

  await page.getByRole('button', { name, exact: true }).click();
  await expect(page.getByRole('menuitem', { name: 'Log out' })).toBeFocused();
  await visit('account-menu');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);

  await page.getByRole('button', { name: 'Colour scheme' }).click();
  await expect(page.getByRole('menuitemradio', { name: 'Dark' })).toBeVisible();
  await visit('scheme-menu');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);

  const burger = page.getByRole('button', { name: 'Navigation' });
  if (await burger.isVisible()) {
    await burger.click();
    await expect(
      page.getByRole('dialog', { name: 'Halo' }).getByRole('link', { name: 'Keys' }),
    ).toBeVisible();
    await visit('navigation');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }

  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await visit('shortcuts');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(successOf(page, 'Moved to trash')).toBeVisible();
  await visit('deleted');
}

async function walkFolders(walk: Walk): Promise<void> {
  const { page, halo, visit } = walk;
  const person = await begin(walk);
  await halo.set(person, 'a//b', '1');
  await halo.set(person, 'a/', '1');
  await page.goto('/home');
  await rowOf(page, 'a/').click();
  await rowOf(page, 'sessions/').click();
  await expect(rowOf(page, 'a//')).toBeVisible();
  await visit('tree');
  await page.getByText('Flat', { exact: true }).click();
  await expect(rowOf(page, 'a//b')).toBeVisible();
  await visit('flat');
  await page.goBack();

  await page.getByRole('button', { name: /^Delimiter/ }).click();
  await expect(page.getByRole('dialog', { name: 'Delimiter' })).toBeVisible();
  await visit('delimiter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  const openMenu = async () => {
    await rowOf(page, 'users/').focus();
    await page.keyboard.press('Shift+F10');
    await expect(page.getByRole('menuitem', { name: 'New key in it' })).toBeFocused();
  };
  await openMenu();
  await visit('row-menu');
  await page.getByRole('menuitem', { name: 'Copy folder' }).click();
  await page.getByRole('textbox', { name: 'To' }).fill('i18n/');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('button', { name: 'Copy 8 keys' })).toBeVisible();
  await visit('copy-folder');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await page.getByRole('button', { name: 'Select keys' }).click();
  await rowOf(page, 'sessions/').click();
  await expect(page.getByText('2 selected')).toBeVisible();
  await visit('selecting');
  await page.getByRole('button', { name: 'Done' }).click();

  await openMenu();
  await page.getByRole('menuitem', { name: 'Delete folder' }).click();
  await page.getByRole('textbox', { name: 'Type 8 to confirm' }).fill('8');
  await visit('delete-folder');
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route('**/v1/commit', async (route) => {
    await held;
    await route.fulfill({ status: 500, json });
  });
  await page.getByRole('button', { name: 'Delete 8 keys' }).click();
  await expect(page.getByRole('progressbar', { name: 'Deleting' })).toBeVisible();
  await visit('deleting-folder');
  letGo();
  await expect(page.getByText('Deleted 0 of 8 keys; 8 are left.')).toBeVisible();
  await visit('delete-stopped');
  await page.unroute('**/v1/commit');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(successOf(page, 'Deleted 8 keys')).toBeVisible();
  await visit('deleted-folder');
}

async function walkDrafts(walk: Walk): Promise<void> {
  const { page, visit } = walk;
  await begin(walk);
  await visitKey(page, openSample);
  await startEditing(page);
  await visit('editing');
  await writeValue(page, '{\n  "plan": "team",\n  "requests": ]\n}');
  await expect(page.getByText(/^Not valid JSON: line 3/)).toBeVisible();
  await visit('broken-json');

  await page.getByRole('button', { name: 'Cancel' }).click();
  const question = page.getByRole('dialog', { name: 'Discard your changes?' });
  await expect(question.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await visit('discard');
  await question.getByRole('button', { name: 'Discard' }).click();
  await startEditing(page);
  await save(page);
  await visit('saved');

  await page.goto('/home/keys?new=');
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill(openSample);
  await expect(valueField(page)).toBeVisible();
  await visit('create');
  await page.getByText('Other', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Content type' }).fill('yaml');
  await page.getByRole('textbox', { name: 'Expires after' }).fill('soon');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Enter a media type')).toBeVisible();
  await visit('create-faults');
  await page.getByRole('textbox', { name: 'Content type' }).fill('application/yaml');
  await page.getByRole('textbox', { name: 'Expires after' }).fill('');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('This key already exists.')).toBeVisible();
  await visit('create-exists');
}

async function walkConflicts(walk: Walk): Promise<void> {
  const { page, halo, visit } = walk;
  const person = await begin(walk);
  const theirs = '{\n  "accent": "#4F5BD5",\n  "density": "comfortable",\n  "font": "Geist"\n}\n';
  const mine = '{\n  "accent": "#0F766E",\n  "density": "compact",\n  "font": "Geist"\n}\n';
  await visitKey(page, 'app/config/theme');
  await startEditing(page);
  await halo.set(person, 'app/config/theme', theirs);
  await trySave(page, mine);
  const conflict = page.getByRole('dialog', { name: 'This key changed while you were editing' });
  await expect(conflict.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await visit('conflict');
  await conflict.getByRole('button', { name: 'Keep editing' }).click();
  await expect(page.getByText('Changed elsewhere')).toBeVisible();
  await expect(conflict).toHaveCount(0);
  await visit('conflict-put-aside');

  await halo.delete(person, 'app/config/theme');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const gone = page.getByRole('dialog', { name: 'This key was deleted while you were editing' });
  await expect(gone.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await visit('deleted-elsewhere');
}

async function walkFailures(walk: Walk): Promise<void> {
  const { page, halo, visit } = walk;
  const person = await begin(walk);
  const accessToken = await accessTokenDuring(page, () => visitKey(page, openSample));
  await startEditing(page);
  await page.context().setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await visit('offline');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Cancel' }).click();

  await halo.set(person, openSample, '{}', { headers: { 'content-type': 'application/json' } });
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectValue(page, '{}');
  await visit('not-deleted');

  // An error that the console does not try to overcome by itself, which would take seconds.
  const json = { code: 'internal', title: 'Internal error', detail: 'Something broke.', request_id: 'r-1' };
  await page.route('**/v1/keys**', (route) => route.fulfill({ status: 500, json }));
  await page.reload();
  await expect(page.getByRole('alert').filter({ hasText: 'The value could not be loaded' })).toBeVisible();
  await visit('failures');
  await page.unroute('**/v1/keys**');

  await visitKey(page, openSample);
  await startEditing(page);
  await writeValue(page, '{"mine": true}');
  await halo.logOut({ ...person, accessToken });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const ended = page.getByRole('dialog', { name: 'Your session has ended' });
  await expect(ended.getByRole('textbox', { name: 'Password' })).toBeFocused();
  await visit('session-ended');
  await ended.getByRole('button', { name: 'Discard the draft and leave' }).click();
  await expect(page.getByText('Your session has ended. Log in to go on.')).toBeVisible();
  await visit('log-in-again');

  await page.route('**/v1/auth/refresh', (route) => route.abort());
  await page.reload();
  await expect(page.getByText('Halo could not be started')).toBeVisible();
  await visit('unreachable');
  await expect(openKeyOf(page)).toHaveCount(0);
}
