import type { ReactNode, Ref } from 'react';
import classes from './notice.module.css';

export interface NoticeProps {
  readonly tone: 'plain' | 'warn' | 'danger';
  readonly title?: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  /** Announced at once when it appears: for what follows from an action of the person. */
  readonly announce?: boolean;
  readonly ref?: Ref<HTMLDivElement>;
}

/** A message within the page. It can be focused by script, so that an error can be led to. */
export function Notice({ tone, title, children, actions, announce = false, ref }: NoticeProps) {
  return (
    <div
      ref={ref}
      className={classes.root}
      data-tone={tone}
      tabIndex={-1}
      {...(announce ? { role: 'alert' } : {})}
    >
      <div className={classes.body}>
        {title === undefined ? null : <p className={classes.title}>{title}</p>}
        {children}
      </div>
      {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
