/**
 * Instants as text, as HTTP and RFC 3339 write them. Every answered value carries at least two, and `Date` would take
 * a twentieth of such a request: what changes with the day is remembered for the few days that are asked for most.
 */

interface Day {
  /** Such as `2026-01-31`. */
  readonly iso: string;
  /** Such as `Sat, 31 Jan 2026`. */
  readonly http: string;
}

const dayMs = 86_400_000;
/** More than history is usually kept; beyond it, begin anew. */
const daysMax = 1_000;
const days = new Map<number, Day>();

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** IMF-fixdate, RFC 9110 section 5.6.7, such as `Sat, 31 Jan 2026 09:30:00 GMT`. */
export function httpDate(ms: number): string {
  return `${dayOf(ms).http} ${timeOf(ms)} GMT`;
}

/** RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`. */
export function rfc3339Date(ms: number): string {
  return `${dayOf(ms).iso}T${timeOf(ms)}.${String(modulo(ms, 1_000)).padStart(3, '0')}Z`;
}

function dayOf(ms: number): Day {
  const number = Math.floor(ms / dayMs);
  const known = days.get(number);
  if (known !== undefined) return known;
  const date = new Date(number * dayMs);
  const day = {
    iso: date.toISOString().slice(0, -'T00:00:00.000Z'.length),
    http: date.toUTCString().slice(0, 16),
  };
  if (days.size >= daysMax) days.clear();
  days.set(number, day);
  return day;
}

function timeOf(ms: number): string {
  const seconds = Math.floor(modulo(ms, dayMs) / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
}

/** Never negative, also before 1970. */
function modulo(ms: number, divisor: number): number {
  return ((ms % divisor) + divisor) % divisor;
}
