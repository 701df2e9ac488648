import { readFileSync } from 'node:fs';

/** The package's own folder, for code in `dist/` and in `bundle/`: what else it needs at run time lies there. */
export const packageRoot = new URL('../', import.meta.url);

/** The version of this Halo, such as `1.2.3`. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
