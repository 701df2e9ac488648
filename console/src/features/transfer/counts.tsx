import classes from './counts.module.css';
import { formatCount } from './format-count.js';

export interface Count {
  readonly name: string;
  readonly count: number;
  readonly note?: string;
  /** Stands out when there are any. */
  readonly isBad?: boolean;
}

/** Some numbers side by side, each with its name. */
export function Counts({ label, counts }: { readonly label: string; readonly counts: readonly Count[] }) {
  return (
    <section aria-label={label}>
      <dl className={classes.counts}>
        {counts.map(({ name, count, note, isBad = false }) => (
          <div key={name} className={classes.count} data-bad={(isBad && count > 0) || undefined}>
            <dt className={classes.name}>{name}</dt>
            <dd className={classes.number}>{formatCount(count)}</dd>
            {note === undefined ? null : <dd className={classes.note}>{note}</dd>}
          </div>
        ))}
      </dl>
    </section>
  );
}
