import { formatCount, longDay, totalsOf, type UsageDay } from './usage-days.js';
import classes from './usage-table.module.css';

/** Reads and writes by the day, the latest first, with their sums. */
export function UsageTable({ days }: { readonly days: readonly UsageDay[] }) {
  const { reads, writes } = totalsOf(days);
  return (
    <table className={classes.table}>
      <caption className={classes.caption}>Reads and writes by day, in UTC</caption>
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col" className={classes.number}>
            Reads
          </th>
          <th scope="col" className={classes.number}>
            Writes
          </th>
        </tr>
      </thead>
      <tbody>
        {days.toReversed().map((day) => (
          <tr key={day.day}>
            <th scope="row">
              <time dateTime={day.day}>{longDay(day.day)}</time>
            </th>
            <td className={classes.number}>{formatCount(day.reads)}</td>
            <td className={classes.number}>{formatCount(day.writes)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <td className={classes.number}>{formatCount(reads)}</td>
          <td className={classes.number}>{formatCount(writes)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
