import type { BrowserContext } from '@playwright/test';

/**
 * Returns the list, kept up to date, of what no page may ever do: throw where nobody catches, break the content
 * security policy, or ask another origin for anything.
 */
export function watchFaults(context: BrowserContext, origin: string): readonly string[] {
  const faults: string[] = [];
  context.on('weberror', (fault) => faults.push(`page error: ${fault.error().stack ?? fault.error()}`));
  context.on('console', (message) => {
    // Chromium tells of every violation here, and of nothing else in these words.
    if (/content security policy/i.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) faults.push(`another origin: ${request.url()}`);
  });
  return faults;
}
