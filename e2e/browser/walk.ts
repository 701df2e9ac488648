import type { Page } from '@playwright/test';
import type { Halo } from '../halo.js';

/** A way through screens of the console. */
export interface Walk {
  readonly page: Page;
  readonly halo: Halo;
  readonly url: string;
  /** Called on each screen, as soon as it stands still. */
  readonly visit: (name: string) => Promise<void>;
}
