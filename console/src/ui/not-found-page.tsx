import { Link } from '@tanstack/react-router';
import classes from './message-page.module.css';

/** What an address that leads nowhere shows, within the frame or, for whoever is not logged in, alone. */
export function NotFoundPage() {
  return (
    <div className={classes.page}>
      <title>Page not found · Halo</title>
      <p className={classes.code}>404</p>
      <h1>There is no such page</h1>
      <p className={classes.lead}>The address may be mistyped, or from another version of Halo.</p>
      <Link to="/keys">Go to your keys</Link>
    </div>
  );
}
