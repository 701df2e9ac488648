import { Link } from '@tanstack/react-router';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './key-link.module.css';

/** A key that leads to itself. */
export function KeyLink({ name }: { readonly name: string }) {
  return (
    <Link to="/keys" search={{ key: name }} className={classes.link} title={visibleKey(name)}>
      {visibleKey(name)}
    </Link>
  );
}
