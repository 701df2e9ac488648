import type { Page } from '@playwright/test';
import type { AuditEvent, AuditPage } from 'halo-contract';
import { auditOrigin } from 'halo-contract';
import { expect, test } from './browser-test.js';
import { expectValue, openKeyOf, successOf } from './console-steps.js';

const commitsOf = (page: Page) => page.getByRole('list', { name: 'Changes, newest first' }).locator('> li');
const commitOf = (page: Page, revision: number) =>
  commitsOf(page).filter({ has: page.getByText(`revision ${revision}`, { exact: true }) });
const undo = (page: Page, revision: number) =>
  page.getByRole('button', { name: `Undo revision ${revision}`, exact: true }).click();

test('changes show commit by commit, newest first, and lead to their keys', async ({
  page,
  person,
  halo,
}) => {
  await halo.set(person, 'first', '"one"');
  const mutations = Array.from({ length: 8 }, (_, at) => ({ set: { key: `bulk/${at}`, value: 'v' } }));
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ mutations });
  await halo.request('POST', '/v1/commit', { token: person.accessToken, headers, body });
  await halo.delete(person, 'bulk/3');
  await page.goto('/home/activity');
  await expect(commitsOf(page)).toHaveCount(3);
  await expect(commitsOf(page).nth(0)).toContainText(/Deleted.*bulk\/3/);
  await expect(commitsOf(page).nth(1)).toContainText('8 keys');
  await expect(commitsOf(page).nth(1).getByRole('link')).toHaveCount(5);
  await commitsOf(page).nth(1).getByRole('button', { name: 'Show all 8' }).click();
  await expect(commitsOf(page).nth(1).getByRole('link')).toHaveCount(8);
  await expect(page.getByText('This is where the account begins.')).toBeVisible();
  await page.getByRole('link', { name: 'first' }).click();
  await expect(openKeyOf(page)).toHaveText('first');
  await expectValue(page, '"one"');
});

test('undo takes a commit back, which is a change of its own', async ({ page, person, halo }) => {
  await halo.set(person, 'a', '"before"');
  await halo.set(person, 'a', '"after"');
  await halo.delete(person, 'a');
  await page.goto('/home/activity');
  await undo(page, 3);
  await expect(successOf(page, 'Revision 3 was taken back in revision 4.')).toBeVisible();
  await expect(commitOf(page, 4)).toContainText(/Set.*a/);
  expect((await halo.read(person, 'a')).toString()).toBe('"after"');

  await undo(page, 2);
  const refusal = commitOf(page, 2).getByRole('alert');
  await expect(refusal).toContainText('Not undone: what it changed has changed since');
  await expect(refusal.getByRole('link', { name: 'a' })).toBeVisible();
  expect((await halo.read(person, 'a')).toString()).toBe('"after"');
  await refusal.getByRole('button', { name: 'Dismiss' }).click();
  await expect(refusal).toHaveCount(0);
});

test('older changes come on demand, and none is left out', async ({ page, person, halo }) => {
  for (let at = 1; at <= 60; at += 1) await halo.set(person, `key/${at}`, 'v');
  await page.goto('/home/activity');
  await expect(commitsOf(page)).toHaveCount(50);
  await halo.set(person, 'key/61', 'v');
  await expect(commitsOf(page)).toHaveCount(51);
  await page.getByRole('button', { name: 'Load older changes' }).click();
  await expect(commitsOf(page)).toHaveCount(61);
  const revisions = await commitsOf(page)
    .getByText(/^revision \d+$/)
    .allInnerTexts();
  expect(revisions).toEqual(Array.from({ length: 61 }, (_, at) => `revision ${61 - at}`));
});

function event(number: number, more: Partial<AuditEvent>): AuditEvent {
  const nobody = { session: null, subject: null, subject_name: null, device: null, address: null };
  const hashes = { previous_hash: auditOrigin, hash: auditOrigin };
  return {
    number,
    at: '2026-01-31T09:30:00.000Z',
    event: 'log-in',
    actor: 'owner',
    ...nobody,
    ...hashes,
    ...more,
  };
}

test('security events are told in words, with device and address, page by page', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  const device = 'Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0';
  const pages: Record<string, AuditPage> = {
    '': {
      events: [
        event(3, { event: 'log-in-failed', actor: 'stranger', address: '203.0.113.7', device: 'curl/8.5.0' }),
        event(2, { event: 'token-created', subject_name: 'deploy', device, address: '198.51.100.4' }),
      ],
      cursor: 'older',
    },
    older: { events: [event(1, { event: 'sign-up', device })], cursor: null },
  };
  await page.route('**/v1/audit?*', (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor') ?? '';
    return route.fulfill({ json: pages[cursor] });
  });
  await page.goto('/home/activity');
  await page.getByRole('tab', { name: 'Security' }).click();
  const events = page.getByRole('list', { name: 'Security events, newest first' }).getByRole('listitem');
  await expect(events).toHaveCount(2);
  await expect(events.nth(0)).toContainText(
    'Log-in refusedby somebody who did not prove to be youcurl 8.5 · 203.0.113.7',
  );
  await expect(events.nth(1)).toContainText('API token made: deployFirefox 128 on Windows · 198.51.100.4');
  await page.getByRole('button', { name: 'Load older events' }).click();
  await expect(events.nth(2)).toContainText('Account created');
  await expect(page.getByText('These are all that are kept.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('tab', { name: 'Security', selected: true })).toBeVisible();
});

test('a server without a security log, and one that fails, are said apart', async ({ page, person }) => {
  expect(person.name).not.toBe('');
  let status = 404;
  await page.route('**/v1/audit?*', (route) => {
    const code = status === 404 ? 'not-found' : 'internal';
    return route.fulfill({
      status,
      json: { code, title: 'T', detail: 'Something broke.', request_id: 'r-1' },
    });
  });
  await page.goto('/home/activity?tab=security');
  await expect(page.getByText('This server keeps no security log')).toBeVisible();
  status = 500;
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByRole('alert')).toContainText('The security events could not be loaded');
  await expect(page.getByRole('alert')).toContainText('r-1');
});
