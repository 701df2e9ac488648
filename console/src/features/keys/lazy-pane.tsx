import { CatchBoundary, lazyRouteComponent } from '@tanstack/react-router';
import { Suspense } from 'react';
import { loadScreen } from '../../ui/load-screen.js';
import { usePreload } from '../../ui/use-preload.js';
import { DetailHeader } from './detail-header.js';
import { DetailSkeleton } from './detail-skeleton.js';
import type { OpenPaneProps } from './open-pane.js';
import classes from './pane.module.css';
import { PaneError } from './pane-error.js';

const load = loadScreen(() => import('./open-pane.js'));
const OpenPane = lazyRouteComponent(load, 'OpenPane');

// An address that opens something is going to need it: it comes while the session is being found.
if (/[?&](key|new)=/.test(window.location.search)) void OpenPane.preload?.();

/** What is open beside the list. Its code is apart, since the list is there first. */
export function LazyPane(props: OpenPaneProps) {
  return (
    <CatchBoundary getResetKey={() => `${props.openKey} ${props.newKey}`} errorComponent={PaneError}>
      <Suspense fallback={<PaneSkeleton openKey={props.openKey} />}>
        <OpenPane {...props} />
      </Suspense>
    </CatchBoundary>
  );
}

/** Fetches what opening a key takes, so that it is instant. */
export function usePanePreload(): void {
  // The router's component keeps a failure for good, and so it is not asked before the code is there.
  usePreload(async () => {
    await load();
    await OpenPane.preload?.();
  });
}

function PaneSkeleton({ openKey }: { readonly openKey: string | undefined }) {
  return (
    <div className={classes.pane} data-fill>
      {openKey === undefined ? null : <DetailHeader name={openKey} />}
      <DetailSkeleton />
    </div>
  );
}
