import { IconChartAreaLine, IconKey, IconTransfer } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import classes from './navigation.module.css';

/** The screens, and the reference at the end. */
export function Navigation({ onLeave }: { readonly onLeave?: () => void }) {
  return (
    <nav aria-label="Screens" className={classes.nav}>
      <Link to="/keys" className={classes.item} onClick={onLeave}>
        <IconKey size={16} aria-hidden />
        Keys
      </Link>
      <Link to="/transfer" className={classes.item} onClick={onLeave}>
        <IconTransfer size={16} aria-hidden />
        Transfer
      </Link>
      <Link to="/usage" className={classes.item} onClick={onLeave}>
        <IconChartAreaLine size={16} aria-hidden />
        Usage
      </Link>
      <a href="/docs" className={classes.reference}>
        API reference
      </a>
    </nav>
  );
}
