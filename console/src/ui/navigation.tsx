import { Link } from '@tanstack/react-router';
import { LiveIndicator } from './live-indicator.js';
import classes from './navigation.module.css';
import { screens } from './screens.js';

/** The screens, and at the end the reference and whether changes are heard of. */
export function Navigation({ onLeave }: { readonly onLeave?: () => void }) {
  return (
    <nav aria-label="Screens" className={classes.nav}>
      <Items group="data" onLeave={onLeave} />
      <p className={classes.group} id="navigation-settings">
        Settings
      </p>
      <Items group="settings" labelledBy="navigation-settings" onLeave={onLeave} />
      <div className={classes.foot}>
        <a href="/docs" className={classes.reference}>
          API reference
        </a>
        <LiveIndicator />
      </div>
    </nav>
  );
}

interface ItemsProps {
  readonly group: 'data' | 'settings';
  readonly labelledBy?: string;
  readonly onLeave: (() => void) | undefined;
}

function Items({ group, labelledBy, onLeave }: ItemsProps) {
  return (
    <ul className={classes.items} aria-labelledby={labelledBy}>
      {screens
        .filter((screen) => screen.group === group)
        .map(({ to, label, Icon }) => (
          <li key={to}>
            <Link to={to} className={classes.item} onClick={onLeave}>
              <Icon size={16} aria-hidden />
              {label}
            </Link>
          </li>
        ))}
    </ul>
  );
}
