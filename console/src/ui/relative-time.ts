const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Returns how long a duration is in its two largest units, such as `2 d 4 h` or `45 s`. It rounds down, so
 * that time left is never promised that is not there.
 */
export function formatDuration(ms: number): string {
  if (ms < second) return 'under 1 s';
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return pair(ms, minute, 'min', second, 's');
  if (ms < day) return pair(ms, hour, 'h', minute, 'min');
  if (ms < 365 * day) return pair(ms, day, 'd', hour, 'h');
  return pair(ms, 365 * day, 'y', day, 'd');
}

/** Returns when an instant in the past was, such as `3 min ago`, in its largest unit alone. */
export function formatAgo(ms: number): string {
  if (ms < 10 * second) return 'just now';
  return `${formatDuration(ms).split(' ').slice(0, 2).join(' ')} ago`;
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const head = `${Math.floor(ms / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/** Returns an instant in the reader's own zone and language, to the second. */
export function formatInstant(instant: string | number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(instant),
  );
}
