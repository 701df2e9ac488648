import { defineConfig } from 'vitest/config';

/** Tests of pure functions: files may share a worker, which spares starting one for each. */
const pure = { isolate: false };

/** Unit tests, beside the code they test. What goes through the wire is in `e2e/`. */
export default defineConfig({
  test: {
    // Two would leave two cores without work for a sixth of the time, while they wait for PostgreSQL.
    maxWorkers: 3,
    projects: [
      { test: { ...pure, name: 'contract', root: 'contract', include: ['src/**/*.test.ts'] } },
      {
        test: { ...pure, name: 'client', root: 'client', include: ['src/**/*.test.ts'], testTimeout: 15_000 },
      },
      {
        test: {
          name: 'server',
          isolate: false,
          root: 'server',
          include: ['src/**/*.test.ts'],
          globalSetup: 'src/database/test-cluster.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { ...pure, name: 'cli', root: 'cli', include: ['src/**/*.test.ts'] } },
      { test: { ...pure, name: 'console', root: 'console', include: ['src/**/*.test.ts'] } },
      { test: { ...pure, name: 'bench', root: 'bench', include: ['*.test.ts'], testTimeout: 15_000 } },
    ],
  },
});
