import { useLiveStatus } from '../live/live.js';
import classes from './live-indicator.module.css';

const words = {
  live: { label: 'Live', title: 'Changes made elsewhere show here as they happen.' },
  reconnecting: {
    label: 'Reconnecting…',
    title: 'Changes made elsewhere show again once the connection is back.',
  },
} as const;

/** Says calmly whether changes made elsewhere show by themselves. While that is not known yet, it says nothing. */
export function LiveIndicator() {
  const status = useLiveStatus();
  if (status === 'waiting') return null;
  const { label, title } = words[status];
  return (
    <span className={classes.root} data-status={status} title={title}>
      <span className={classes.dot} aria-hidden />
      {label}
    </span>
  );
}
