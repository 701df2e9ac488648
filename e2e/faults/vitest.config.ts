import { defineConfig } from 'vitest/config';

/** One for all files, to be repeated with HALO_TEST_SEED. */
const seed = process.env.HALO_TEST_SEED ?? String(Math.floor(Math.random() * 1_000_000));

/** What goes wrong under load: each file brings servers of its own along, and measures times. */
export default defineConfig({
  cacheDir: '../node_modules/.vite',
  test: {
    name: 'faults',
    root: import.meta.dirname,
    globalSetup: 'report.ts',
    env: { HALO_TEST_SEED: seed },
    include: ['*.test.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    // Most of a fault is waiting. When the whole suite measures, nothing else runs beside it.
    maxWorkers: process.env.HALO_TEST_WHOLE === '1' ? 1 : 3,
  },
});
