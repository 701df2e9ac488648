import classes from './quota-meter.module.css';
import { nearlyFull, percentText } from './quota-share.js';

export interface QuotaMeterProps {
  /** Such as `Keys`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  /** Writes a number of them for reading. */
  readonly format: (amount: number) => string;
  /** Exactly, where `format` rounds. */
  readonly exact?: string;
}

/** How much of a quota is used, as a bar and in numbers. */
export function QuotaMeter({ name, used, limit, format, exact }: QuotaMeterProps) {
  const share = limit === 0 ? 1 : Math.min(used / limit, 1);
  const text = `${format(used)} of ${format(limit)}`;
  const percent = percentText(share);
  return (
    <div className={classes.meter} data-full={share >= nearlyFull || undefined}>
      <div className={classes.line}>
        <h2 className={classes.name}>{name}</h2>
        <span className={classes.percent}>{percent}</span>
      </div>
      <p className={classes.amount} title={exact}>
        <span className={classes.used}>{format(used)}</span> of {format(limit)}
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: every browser draws a <meter> its own way, which CSS reaches only in part. */}
      <div
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={`${text}, ${percent}`}
        className={classes.track}
      >
        <div className={classes.bar} style={{ width: `${share * 100}%` }} data-any={used > 0 || undefined} />
      </div>
    </div>
  );
}
