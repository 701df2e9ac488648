import { type ReactNode, useId } from 'react';
import classes from './section.module.css';

export interface SectionProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** For what destroys. */
  readonly danger?: boolean;
  readonly children: ReactNode;
}

/** One matter of a settings screen. */
export function Section({ title, lead, danger = false, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classes.root} data-danger={danger || undefined} aria-labelledby={id}>
      <h2 id={id} className={classes.title}>
        {title}
      </h2>
      {lead === undefined ? null : <p className={classes.lead}>{lead}</p>}
      {children}
    </section>
  );
}
