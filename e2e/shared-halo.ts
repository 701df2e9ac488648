import { inject } from 'vitest';

/** The Halo that test files share. Each test has accounts of its own, so that none sees another's. */
export function sharedHalo(): { readonly url: string; readonly port: number } {
  const url = inject('haloUrl');
  return { url, port: Number(new URL(url).port) };
}
