import { defineConfig } from 'vitest/config';

/** Fail-overs of PostgreSQL, in namespaces that `scripts/failover.mjs` makes: `npm run test:failover`. */
export default defineConfig({
  test: {
    name: 'failover',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    // A round of one fault takes about half a minute.
    testTimeout: 600_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
});
