import type { AccountView } from 'halo-contract';
import { formatBytes } from '../../ui/bytes.js';
import { formatCount } from './usage-days.js';

/** From here on, there is little left. */
export const nearlyFull = 0.9;

/** Returns a share for reading: something is never 0 %, and not quite all never 100 %. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.001) return 'under 0.1%';
  const percent = share * 100;
  return percent < 10 ? `${Math.floor(percent * 10) / 10}%` : `${Math.floor(percent)}%`;
}

type Amounts = AccountView['usage'];

/** Returns what to say when little or nothing is left. */
export function warningOf(usage: Amounts, limits: Amounts): string | undefined {
  const full = (share: (amounts: Amounts) => number, part: number) => share(usage) >= share(limits) * part;
  const keys = (amounts: Amounts) => amounts.keys;
  const bytes = (amounts: Amounts) => amounts.bytes;
  if (full(keys, 1)) return 'Your account has as many keys as it may have: new keys are refused.';
  if (full(bytes, 1)) return 'Your storage is full: new values are refused.';
  if (full(keys, nearlyFull)) return `There is room for ${formatCount(limits.keys - usage.keys)} more keys.`;
  if (full(bytes, nearlyFull)) return `${formatBytes(limits.bytes - usage.bytes)} of storage are left.`;
  return undefined;
}
