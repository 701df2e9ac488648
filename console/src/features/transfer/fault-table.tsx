import classes from './fault-table.module.css';
import { formatCount } from './format-count.js';

export interface FaultTableProps {
  readonly title: string;
  /** The ones to show. */
  readonly faults: readonly { readonly line: number; readonly reason: string }[];
  /** How many there are in all. */
  readonly total: number;
}

/** Lines that cannot be imported, and why. */
export function FaultTable({ title, faults, total }: FaultTableProps) {
  return (
    <div className={classes.root}>
      <table className={classes.table}>
        <caption className={classes.caption}>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {faults.map(({ line, reason }) => (
            <tr key={line}>
              <td className={classes.line}>{formatCount(line)}</td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > faults.length ? (
        <p className={classes.more}>and {formatCount(total - faults.length)} more</p>
      ) : null}
    </div>
  );
}
