import type { ReactNode } from 'react';
import { OfflineBanner } from '../../ui/offline-banner.js';
import { SchemeMenu } from '../../ui/scheme-menu.js';
import classes from './auth-page.module.css';

export interface AuthPageProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly footer: ReactNode;
}

/** What log-in and sign-up look like: one form, and the way to the other. */
export function AuthPage({ title, children, footer }: AuthPageProps) {
  return (
    <div className={classes.page}>
      <OfflineBanner />
      <header className={classes.header}>
        <span className={classes.brand}>Halo</span>
        <SchemeMenu />
      </header>
      <main className={classes.main}>
        <div className={classes.card}>
          <h1 className={classes.title}>{title}</h1>
          {children}
        </div>
        <p className={classes.footer}>{footer}</p>
      </main>
    </div>
  );
}
