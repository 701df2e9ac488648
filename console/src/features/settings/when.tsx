import { formatAgo, formatDuration, formatInstant } from '../../ui/relative-time.js';
import classes from './when.module.css';

export interface WhenProps {
  /** null: never. */
  readonly at: string | null;
  readonly now: number;
}

const withinYear = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
});
const anyYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** An instant as one thinks of it, and below it as the calendar has it; pointing at that shows it to the second. */
export function When({ at, now }: WhenProps) {
  if (at === null) return <span className={classes.never}>Never</span>;
  const instant = Date.parse(at);
  const isThisYear = new Date(instant).getFullYear() === new Date(now).getFullYear();
  return (
    <span className={classes.root}>
      <span>{instant > now ? `in ${formatDuration(instant - now)}` : formatAgo(now - instant)}</span>
      <time className={classes.absolute} dateTime={at} title={formatInstant(at)}>
        {(isThisYear ? withinYear : anyYear).format(instant)}
      </time>
    </span>
  );
}
