import { defineConfig } from 'vitest/config';

/** Unit tests, beside the code they test. What goes through the wire is in `e2e/`. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'contract', root: 'contract', include: ['src/**/*.test.ts'] } },
      { test: { name: 'client', root: 'client', include: ['src/**/*.test.ts'], testTimeout: 15_000 } },
      {
        test: {
          name: 'server',
          root: 'server',
          include: ['src/**/*.test.ts'],
          globalSetup: 'src/database/test-cluster.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'cli', root: 'cli', include: ['src/**/*.test.ts'] } },
      { test: { name: 'console', root: 'console', include: ['src/**/*.test.ts'] } },
      { test: { name: 'bench', root: 'bench', include: ['*.test.ts'], testTimeout: 15_000 } },
    ],
  },
});
