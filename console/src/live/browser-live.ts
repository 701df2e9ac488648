import { onlineManager } from '@tanstack/react-query';
import { pause } from 'halo-client';
import { session } from '../session/browser-session.js';
import { createLiveStream } from './live-stream.js';

/**
 * How long a tab may be out of sight before it gives its connection back. Over HTTP/1.1 a browser has six of them
 * for all tabs together, so that forgotten tabs would leave none for the one that is looked at.
 */
const hiddenMsMax = 10_000;

/** The one stream of this tab. It follows the session: no session, or one that is interrupted, no stream. */
export const live = createLiveStream({
  request: session.request,
  pause,
  isWriting: () => session.hasDraft,
});

let followed: string | undefined;
let hiding: ReturnType<typeof setTimeout> | undefined;
let hidden = document.visibilityState === 'hidden';

function decide(): void {
  const { state } = session;
  if (state.status === 'active') {
    if (state.account.id !== followed) live.forget();
    followed = state.account.id;
  } else if (state.status !== 'interrupted') {
    followed = undefined;
    live.forget();
  }
  if (state.status === 'active' && !hidden && onlineManager.isOnline()) live.start();
  else live.stop();
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.visibilityState === 'hidden') {
    hiding = setTimeout(() => {
      hidden = true;
      decide();
    }, hiddenMsMax);
  } else {
    hidden = false;
    decide();
  }
});
onlineManager.subscribe(decide);
session.watch(decide);
decide();
