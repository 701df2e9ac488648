import type { Page } from '@playwright/test';
import type { Halo } from '../halo.js';

/** What a walk through the console's screens is given. */
export interface Walk {
  readonly page: Page;
  readonly halo: Halo;
  readonly url: string;
  /** Called on each screen, as soon as it stands still. */
  readonly visit: (name: string) => Promise<void>;
}
