import type { ReactNode } from 'react';
import classes from './screen.module.css';

export interface ScreenProps {
  /** The heading, which is also the title of the tab. */
  readonly title: string;
  /** One sentence below it. */
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A screen that scrolls as a whole: heading, what can be done, content of a readable width. */
export function Screen({ title, lead, actions, children }: ScreenProps) {
  return (
    <div className={classes.screen}>
      <title>{`${title} · Halo`}</title>
      <div className={classes.column}>
        <header className={classes.header}>
          <div className={classes.words}>
            <h1>{title}</h1>
            {lead === undefined ? null : <p className={classes.lead}>{lead}</p>}
          </div>
          {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
        </header>
        {children}
      </div>
    </div>
  );
}
