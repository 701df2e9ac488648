import { formatAgo, formatDuration } from '../../ui/relative-time.js';
import classes from './when.module.css';

export interface WhenProps {
  /** null: never. */
  readonly at: string | null;
  readonly now: number;
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** An instant as one thinks of it, and below it as the clock has it. */
export function When({ at, now }: WhenProps) {
  if (at === null) return <span className={classes.never}>Never</span>;
  const instant = Date.parse(at);
  return (
    <span className={classes.root}>
      <span>{instant > now ? `in ${formatDuration(instant - now)}` : formatAgo(now - instant)}</span>
      <time className={classes.absolute} dateTime={at}>
        {absolute.format(instant)}
      </time>
    </span>
  );
}
