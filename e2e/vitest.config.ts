import { defineConfig } from 'vitest/config';

/** Tests of a running Halo through the wire. Most share a server; those with settings of their own start one. */
export default defineConfig({
  test: {
    name: 'e2e',
    root: import.meta.dirname,
    globalSetup: 'shared-server.ts',
    include: ['{api,cli,client,compat,consistency,deploy}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file brings a Node and a PostgreSQL along, and waits for them for a part of the time.
    maxWorkers: 3,
    // Nothing of a file is left to another but what it imports, which takes longer than most tests.
    isolate: false,
  },
});
