import type { ReactNode } from 'react';
import classes from './record-list.module.css';

export interface RecordListProps {
  readonly label: string;
  /** The names of the columns, that of the records themselves first. */
  readonly headings: readonly string[];
  /** A class that says how wide the columns are, the one for the action included. */
  readonly columns: string | undefined;
  readonly children: ReactNode;
}

/**
 * Records below each other: a table where there is room for one, cards where there is not. Each fact carries its name
 * along, which the table hides from sight and shows once at the top.
 */
export function RecordList({ label, headings, columns, children }: RecordListProps) {
  return (
    <div className={classes.frame}>
      <div className={`${classes.grid} ${columns}`}>
        <div className={classes.head} aria-hidden>
          {headings.map((heading) => (
            <span key={heading}>{heading}</span>
          ))}
        </div>
        <ul className={classes.rows} aria-label={label}>
          {children}
        </ul>
      </div>
    </div>
  );
}

export interface RecordRowProps {
  readonly title: ReactNode;
  /** By the names of the columns after the first. */
  readonly facts: Readonly<Record<string, ReactNode>>;
  readonly action: ReactNode;
}

export function RecordRow({ title, facts, action }: RecordRowProps) {
  return (
    <li className={classes.row}>
      <div className={classes.title}>{title}</div>
      <dl className={classes.facts}>
        {Object.entries(facts).map(([name, content]) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>{content}</dd>
          </div>
        ))}
      </dl>
      <div className={classes.action}>{action}</div>
    </li>
  );
}
