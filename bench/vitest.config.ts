import { defineConfig } from 'vitest/config';

/** Only the sources: the compiler leaves a second copy of every test in `dist`. */
export default defineConfig({ test: { name: 'bench', include: ['*.test.ts'], testTimeout: 15_000 } });
