import { IconWifiOff } from '@tabler/icons-react';
import classes from './offline-banner.module.css';
import { useOnline } from './use-online.js';

/** Says that there is no network, for as long as there is none. */
export function OfflineBanner() {
  const online = useOnline();
  return (
    <div role="status">
      {online ? null : (
        <p className={classes.banner}>
          <IconWifiOff size={16} aria-hidden />
          You are offline. What you write stays here; saving waits for the connection.
        </p>
      )}
    </div>
  );
}
