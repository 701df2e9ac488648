import { IconChevronLeft } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyButton } from '../../ui/copy-button.js';
import { visibleKey } from '../../ui/visible-key.js';
import classes from './detail-header.module.css';
import { listSearch } from './keys-search.js';

export interface DetailHeaderProps {
  readonly name: string;
  readonly actions?: ReactNode;
}

/** The whole key, and what can be done with it. */
export function DetailHeader({ name, actions }: DetailHeaderProps) {
  return (
    <div className={classes.header}>
      <BackLink />
      <h2 className={classes.key}>
        <span className={classes.text}>{visibleKey(name)}</span>
        <CopyButton text={name} name="Copy the key" />
      </h2>
      {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
    </div>
  );
}

/** The way back to the list, where only one of the two is shown. */
export function BackLink() {
  return (
    <Link to="/keys" search={listSearch} className={classes.back}>
      <IconChevronLeft size={20} aria-hidden />
      Keys
    </Link>
  );
}
