import type { TestProject } from 'vitest/node';
import { startHalo } from './halo-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly haloUrl: string;
  }
}

/** One Halo for all test files that need no settings of their own: to start one costs more than most files do. */
export default async function startShared(project: TestProject): Promise<() => Promise<void>> {
  // The same tests hold where flights carry one account only: HALO_TEST_FLIGHT=account.
  const server = await startHalo({ env: { HALO_FLIGHT: process.env.HALO_TEST_FLIGHT ?? 'mixed' } });
  project.provide('haloUrl', server.url);
  return () => server.stop();
}
