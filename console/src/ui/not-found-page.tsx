import { Link } from '@tanstack/react-router';
import classes from './message-page.module.css';

export function NotFoundPage() {
  return (
    <main className={classes.page}>
      <p className={classes.code}>404</p>
      <h1>There is no such page</h1>
      <p className={classes.lead}>The address may be mistyped, or from another version of Halo.</p>
      <Link to="/keys">Go to your keys</Link>
    </main>
  );
}
