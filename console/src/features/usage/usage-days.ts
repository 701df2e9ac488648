import type { UsageReport } from 'halo-contract';

export type UsageDay = UsageReport['days'][number];

const count = new Intl.NumberFormat();
const short = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const long = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
});

export function formatCount(number: number): string {
  return count.format(number);
}

/** Returns a day such as `2026-01-31` as `Jan 31`; the days of the report are those of UTC. */
export function shortDay(day: string): string {
  return short.format(new Date(`${day}T00:00:00Z`));
}

export function longDay(day: string): string {
  return long.format(new Date(`${day}T00:00:00Z`));
}

export interface UsageTotals {
  readonly reads: number;
  readonly writes: number;
  /** The day with the most reads and writes together; undefined when there were none. */
  readonly busiest: UsageDay | undefined;
}

export function totalsOf(days: readonly UsageDay[]): UsageTotals {
  let reads = 0;
  let writes = 0;
  let busiest: UsageDay | undefined;
  for (const day of days) {
    reads += day.reads;
    writes += day.writes;
    const requests = day.reads + day.writes;
    if (requests > (busiest === undefined ? 0 : busiest.reads + busiest.writes)) busiest = day;
  }
  return { reads, writes, busiest };
}

/** Returns in words what the chart shows. */
export function chartSummary(days: readonly UsageDay[]): string {
  const { reads, writes, busiest } = totalsOf(days);
  const first = days[0];
  const last = days.at(-1);
  if (first === undefined || last === undefined || busiest === undefined) return 'No reads or writes.';
  return (
    `Reads and writes by day from ${shortDay(first.day)} to ${shortDay(last.day)}: ` +
    `${formatCount(reads)} reads and ${formatCount(writes)} writes in all, ` +
    `the most on ${shortDay(busiest.day)} with ${formatCount(busiest.reads)} reads and ` +
    `${formatCount(busiest.writes)} writes. The table has every day.`
  );
}
