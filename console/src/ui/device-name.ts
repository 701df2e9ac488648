/** In this order: browsers name those they descend from, too. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\/(\d+)/, 'Edge'],
  [/\b(?:OPR|Opera)\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\bHeadlessChrome\/(\d+)/, 'Headless Chrome'],
  [/\b(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* .*\bSafari\//, 'Safari'],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** A longer name than this is no name. */
const productLengthMax = 40;

/**
 * Returns what a `User-Agent` says a request came from, for reading: `Firefox 128 on Windows`, or for what is no
 * browser its first product, such as `curl 8.5`. Whoever sends a request writes this themselves: it is a hint.
 */
export function deviceName(userAgent: string | null): string {
  const agent = userAgent?.trim() ?? '';
  if (agent === '') return 'Unknown device';
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
  for (const [pattern, name] of browsers) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${version}${system === undefined ? '' : ` on ${system}`}`;
  }
  const product = /^([\w.@-]+)(?:\/([\w.+-]+))?/.exec(agent);
  if (product === null || agent.startsWith('Mozilla/')) return system ?? 'Unknown device';
  const [, name = '', version = ''] = product;
  const short = version.split('.').slice(0, 2).join('.');
  return `${name} ${short}`.trim().slice(0, productLengthMax);
}

/** Who made a change, for reading: the device of a log-in, the name of an API token, or Halo itself. */
export function actorName(actor: string): string {
  if (actor === 'halo') return 'Halo';
  // A token's name is chosen freely; only what begins as a `User-Agent` does is read as one.
  return /^[\w.-]+\/[\d.]/.test(actor) ? deviceName(actor) : actor;
}
