import { send } from '../client.js';
import { createSession } from './session.js';

const channel = new BroadcastChannel('halo-session');

/** The one session of this tab, on the browser's own clock, locks and channel. */
export const session = createSession({
  send,
  now: Date.now,
  exclusively: (task) =>
    // Locks need a secure context; over plain HTTP the server's grace for parent tokens has to do.
    'locks' in navigator ? navigator.locks.request('halo-refresh', task) : task(),
  announceEnd: () => channel.postMessage('end'),
});

channel.onmessage = () => session.end();

// A page that the Back button brings back from the cache has missed every message, such as a log-out.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload();
});
