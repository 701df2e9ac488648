import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { goodPassword, newName } from '../halo.js';
import { expect, test } from './browser-test.js';
import { openKeyOf, rowOf, rowsOf, searchField, successOf, valueField } from './console-steps.js';
import { walks } from './screens.js';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** More presses of Tab than any screen has stops. */
const tabsMax = 60;

/** All that depends on colours, and so on the scheme. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/**
 * All rules in both schemes at both widths take minutes: `npm run test:soak` does it. Otherwise one screen is looked at
 * light and wide, the next dark and narrow, and so on.
 */
const whole = process.env.HALO_TEST_WHOLE !== undefined;

/** Returns what axe finds, and where. */
async function violationsOf(page: Page, rules?: string[]): Promise<string[]> {
  // The other mode opens a page of its own for each look, for the sake of frames, of which there are none.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules === undefined ? axe.withTags(tags) : axe.withRules(rules)).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`),
  );
}

/** Those in which a narrow window is walked differently, and not only laid out so. */
const narrowWalks = new Set(['the keys', 'the frame and its screens']);

for (const [name, walk] of Object.entries(walks)) {
  for (const begun of whole && narrowWalks.has(name)
    ? (['desktop', 'phone'] as const)
    : (['desktop'] as const)) {
    test(`axe finds nothing in ${name}, light and dark, wide and narrow, begun on a ${begun}`, async ({
      page,
      halo,
      server,
    }) => {
      test.setTimeout(90_000);
      await page.setViewportSize(widths[begun]);
      const found: string[] = [];
      const look = async (screen: string, colorScheme: 'light' | 'dark', rules?: string[]) => {
        await page.emulateMedia({ colorScheme });
        await expect(page.locator(`:root[data-mantine-color-scheme="${colorScheme}"]`)).toBeAttached();
        const violations = await violationsOf(page, rules);
        found.push(...violations.map((violation) => `${screen}, ${colorScheme}: ${violation}`));
      };
      let visits = 0;
      const visit = async (screen: string) => {
        visits += 1;
        if (whole || visits % 2 === 1) await look(`${screen} on a ${begun}`, 'light');
        if (whole) await look(`${screen} on a ${begun}`, 'dark', colourRules);
        if (begun === 'phone' || (!whole && visits % 2 === 1)) return;
        // The same screen, narrow and dark: what is open must stay open.
        const dialogs = await page.getByRole('dialog').count();
        await page.setViewportSize(widths.phone);
        await expect(page.getByRole('dialog')).toHaveCount(dialogs);
        await look(`${screen} made narrow`, 'dark');
        await page.setViewportSize(widths.desktop);
      };
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await walk({ page, halo, url: server.url, visit });
      expect(found).toEqual([]);
    });
  }
}

test('axe sees faint text, small targets and fields without a name', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/home/login');
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await page.evaluate(() => {
    const bad = document.createElement('div');
    const small = 'width:12px;height:12px;padding:0;border:0';
    bad.innerHTML = `<p style="color:#bbb;background:#fff">faint</p><input><button style="${small}">a</button><button style="${small}">b</button>`;
    document.querySelector('main')?.append(bad);
  });
  const found = (await violationsOf(page)).map((violation) => violation.split(':', 1)[0]);
  expect(new Set(found)).toEqual(new Set(['color-contrast', 'label', 'target-size']));
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await violationsOf(page, colourRules)).toEqual([expect.stringContaining('faint')]);
});

/** Presses Tab until it arrives, as someone without a mouse would. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let press = 0; press < tabsMax; press += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${target}.`);
}

test('everything from sign-up to log-out can be done by keyboard alone', async ({ page }) => {
  const { keyboard } = page;
  const name = newName();
  const button = (label: string) => page.getByRole('button', { name: label, exact: true });
  await page.goto('/home');
  await tabTo(page, page.getByRole('link', { name: 'Create an account' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Create an account' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await keyboard.type(name);
  await keyboard.press('Tab');
  await keyboard.type(goodPassword);
  await keyboard.press('Enter');

  await expect(page.getByRole('heading', { name: 'Set your first value' })).toBeVisible();
  await keyboard.press('n');
  await expect(page.getByRole('textbox', { name: 'Key', exact: true })).toBeFocused();
  await keyboard.type('by/keyboard');
  await tabTo(page, valueField(page));
  await keyboard.type('"typed"');
  await keyboard.press('ControlOrMeta+s');
  await expect(successOf(page, 'Saved')).toBeVisible();
  await expect(rowOf(page, 'by/keyboard')).toHaveAttribute('aria-selected', 'true');

  await expect(button('Edit')).toBeVisible();
  await keyboard.press('e');
  await expect(valueField(page)).toBeFocused();
  await keyboard.press('ControlOrMeta+a');
  await keyboard.type('"typed again"');
  await keyboard.press('Escape');
  await keyboard.press('Tab');
  await expect(valueField(page)).not.toBeFocused();
  await keyboard.press('ControlOrMeta+s');
  await expect(button('Edit')).toBeFocused();

  await page.goto('/home');
  await expect(rowsOf(page)).toHaveText(['by/1']);
  await keyboard.press('/');
  await expect(searchField(page)).toBeFocused();
  await keyboard.press('ArrowDown');
  await expect(rowOf(page, 'by/')).toBeFocused();
  await keyboard.press('ArrowRight');
  await expect(rowsOf(page)).toHaveText(['by/1', 'keyboard']);
  await keyboard.press('ArrowRight');
  await expect(rowOf(page, 'by/keyboard')).toBeFocused();
  await keyboard.press('Enter');
  await expect(openKeyOf(page)).toHaveText('by/keyboard');
  await expect(valueField(page)).toHaveText('"typed again"');

  await tabTo(page, button('Delete'));
  await keyboard.press('Enter');
  await expect(successOf(page, 'Moved to trash')).toBeVisible();
  await expect(rowsOf(page)).toHaveCount(0);

  await tabTo(page, button(name));
  await keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Log out' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
});
