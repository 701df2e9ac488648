import { defineConfig } from 'vitest/config';

/** Tests of a running Halo through the wire. Each file starts a server of its own. */
export default defineConfig({
  test: {
    name: 'e2e',
    root: import.meta.dirname,
    include: ['api/**/*.test.ts', 'compat/**/*.test.ts', 'consistency/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file brings a Node and a PostgreSQL along: more at once would only wait for each other.
    maxWorkers: 2,
  },
});
