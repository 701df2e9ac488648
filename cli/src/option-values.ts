import { InvalidArgumentError } from 'commander';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a time such as `30s`, `5m`, `2h` or `7d`, in seconds. */
export function secondsFrom(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit ?? ''] ?? 0);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It takes a time such as 30s, 5m, 2h or 7d.');
}

/** Reads a revision: the number of a commit. */
export function revisionFrom(text: string): number {
  const revision = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(revision)) return revision;
  throw new InvalidArgumentError('It takes a revision, a whole number.');
}

/** Reads an instant with its zone, such as `2030-01-31T12:00:00Z`. */
export function instantFrom(text: string): Date {
  const instant = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}T.+(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(instant.getTime()))
    return instant;
  throw new InvalidArgumentError('It takes an instant with its zone, such as 2030-01-31T12:00:00Z.');
}

/** Reads metadata: one JSON object. */
export function metadataFrom(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new InvalidArgumentError('It takes a JSON object, such as {"by":"ada"}.');
}

/** Reads where a Halo is. A path would be lost, and a password in it printed with every message. */
export function urlFrom(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '';
  if (isPlain && url.pathname + url.search + url.hash === '/') return url.origin;
  throw new InvalidArgumentError('It takes a URL without a path, such as https://halo.example.');
}

/** Reads the name of a profile. */
export function profileFrom(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text) && text !== '__proto__') return text;
  throw new InvalidArgumentError('It takes up to 64 letters, digits and . _ -');
}
