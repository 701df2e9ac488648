import type { Trial } from './trial.js';
import { accountsTrial } from './trials/accounts.js';
import { cacheTrial } from './trials/cache.js';
import { growthTrial } from './trials/growth.js';
import { redisTrial } from './trials/redis.js';
import { valuesTrial } from './trials/values.js';
import { watchTrial } from './trials/watch.js';
import { wideTrial } from './trials/wide.js';
import { workersTrial } from './trials/workers.js';

/** In the order in which they run: the largest comes last, so that it is what a lack of time costs. */
export const trials: readonly Trial[] = [
  redisTrial,
  cacheTrial,
  accountsTrial,
  wideTrial,
  workersTrial,
  watchTrial,
  valuesTrial,
  growthTrial,
];
