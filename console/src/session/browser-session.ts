import { createSender } from 'halo-client';
import { createSession } from './session.js';

/**
 * What everything is sent with, once: reads are tried again where one can see whether the browser is online, anything
 * else by whoever has asked for it, and how long to wait is told at once. Nothing is given up for taking long, since
 * an upload over a slow line does.
 */
const send = createSender({ retries: 0, timeoutMs: 0 });

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
