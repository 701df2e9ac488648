// @ts-check
// `npm run screenshots`: takes the pictures of the documentation anew, into docs/, and one of every screen of
// the console, in light and dark and on a desktop and a phone, into test-results/screens/.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, installDependencies, root } from './install.mjs';
import { installSystemParts } from './install-system.mjs';

installDependencies();
build();
for (const remedy of installSystemParts(new Set(['chromium'])).values()) {
  console.error(remedy);
  process.exit(1);
}
const { status } = spawnSync(
  join(root, 'node_modules', '.bin', 'playwright'),
  ['test', '--config', 'e2e/playwright.config.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, HALO_SCREENSHOTS: '1' } },
);
process.exit(status ?? 1);
