/** A `User-Agent` may be as long as a header; more than this tells nobody more. */
const nameLengthMax = 40;

/** In the order in which to look: nearly every browser also says that it is Chrome and Safari. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|HeadlessChrome|Chromium|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
];

/** Likewise: Android says that it is Linux, and an iPhone that it is like a Mac. */
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

/**
 * Returns what to call whatever sent a `User-Agent`, such as `Firefox on Windows`, `curl` or `Unknown device`. It is
 * a name to recognise one's own devices by and proves nothing: anyone can send any.
 */
export function deviceName(userAgent: string | null): string {
  const text = userAgent?.trim() ?? '';
  if (text === '') return 'Unknown device';
  const browser = firstOf(browsers, text);
  const system = firstOf(systems, text);
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  const isBrowserLike = text.startsWith('Mozilla/');
  if (isBrowserLike) return system === undefined ? 'Unknown browser' : `Browser on ${system}`;
  return programName(text);
}

function firstOf(kinds: readonly (readonly [RegExp, string])[], text: string): string | undefined {
  return kinds.find(([pattern]) => pattern.test(text))?.[1];
}

/** A program leads with its name and version; the name alone is what people know it by. */
function programName(text: string): string {
  const name = /^([^\s/()]+)(?:[\s/]|$)/.exec(text)?.[1] ?? text;
  return name.length > nameLengthMax ? `${name.slice(0, nameLengthMax)}…` : name;
}
