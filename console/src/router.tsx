import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { readActivitySearch } from './features/activity/activity-search.js';
import { Resume } from './features/auth/resume.js';
import { readKeysSearch } from './features/keys/keys-search.js';
import { Palette } from './features/palette/palette.js';
import { parseSearch, stringifySearch } from './search-text.js';
import { useSession } from './session/use-session.js';
import { AppFrame } from './ui/app-frame.js';
import { loadScreen } from './ui/load-screen.js';
import { NotFoundPage } from './ui/not-found-page.js';
import { ScreenError } from './ui/screen-error.js';
import { ScreenPending } from './ui/screen-pending.js';

const basepath = '/home';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/keys', replace: true });
  },
});

interface Next {
  /** Path and query of the screen to return to, below `/home`. */
  readonly next?: string;
}

/** Only a path of the console's own: what stands in an address may come from anyone. */
function readNext({ next }: Record<string, unknown>): Next {
  return typeof next === 'string' && /^\/[\w-]/.test(next) ? { next } : {};
}

const guest = createRoute({
  getParentRoute: () => root,
  id: 'guest',
  validateSearch: readNext,
  component: Guest,
});
const logIn = createRoute({
  getParentRoute: () => guest,
  path: '/login',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/auth/log-in-page.js')),
    'LogInPage',
  ),
});
const signUp = createRoute({
  getParentRoute: () => guest,
  path: '/signup',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/auth/sign-up-page.js')),
    'SignUpPage',
  ),
});

/** Whoever is logged in has no business with a log-in form, and goes where they came from. */
function Guest() {
  const state = useSession();
  // The router hands on what validation has left out, too.
  const { next = '/keys' } = readNext({ ...guest.useSearch() });
  if (state.status !== 'active') return <Outlet />;
  return <GoOn next={next} />;
}

function GoOn({ next }: { readonly next: string }) {
  useEffect(() => router.history.replace(basepath + next), [next]);
  return null;
}

const member = createRoute({ getParentRoute: () => root, id: 'member', component: Member });

/** Shows nothing of an account but to the person who is logged in as it. */
function Member() {
  const state = useSession();
  if (state.status !== 'active' && state.status !== 'interrupted') return <ToLogIn />;
  return (
    <Framed accountName={state.account.name}>
      <Outlet />
      <Resume opened={state.status === 'interrupted'} name={state.account.name} />
    </Framed>
  );
}

function Framed(props: { readonly accountName: string; readonly children: ReactNode }) {
  return (
    <AppFrame accountName={props.accountName} commands={<Palette />}>
      {props.children}
    </AppFrame>
  );
}

/** An address that leads nowhere: in the frame, from where one can go on, if there is somebody to go on. */
function NotFound() {
  const state = useSession();
  if (state.status !== 'active') {
    return (
      <main>
        <NotFoundPage />
      </main>
    );
  }
  return (
    <Framed accountName={state.account.name}>
      <NotFoundPage />
    </Framed>
  );
}

/** Who left on purpose has nowhere to return to; after an unwanted end there is. */
function ToLogIn() {
  const state = useSession();
  const { pathname, searchStr } = router.state.location;
  const here = pathname + searchStr;
  const left = state.status === 'anonymous' && (state.reason === 'logged-out' || state.reason === 'deleted');
  return <Navigate to="/login" search={here === '/keys' || left ? {} : { next: here }} replace />;
}

const keysScreen = lazyRouteComponent(
  loadScreen(() => import('./features/keys/keys-screen.js')),
  'KeysScreen',
);
// It is where nearly everyone goes first: its code comes while the session is being found.
void keysScreen.preload?.();

const keys = createRoute({
  getParentRoute: () => member,
  path: '/keys',
  validateSearch: readKeysSearch,
  component: keysScreen,
});
const trash = createRoute({
  getParentRoute: () => member,
  path: '/trash',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/trash/trash-screen.js')),
    'TrashScreen',
  ),
});
const transfer = createRoute({
  getParentRoute: () => member,
  path: '/transfer',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/transfer/transfer-screen.js')),
    'TransferScreen',
  ),
});
const activity = createRoute({
  getParentRoute: () => member,
  path: '/activity',
  validateSearch: readActivitySearch,
  component: lazyRouteComponent(
    loadScreen(() => import('./features/activity/activity-screen.js')),
    'ActivityScreen',
  ),
});
const usage = createRoute({
  getParentRoute: () => member,
  path: '/usage',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/usage/usage-screen.js')),
    'UsageScreen',
  ),
});
const settings = createRoute({
  getParentRoute: () => member,
  path: '/settings',
  beforeLoad: ({ location }) => {
    if (/\/settings\/?$/.test(location.pathname)) throw redirect({ to: '/settings/profile', replace: true });
  },
});
const profile = createRoute({
  getParentRoute: () => settings,
  path: '/profile',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/settings/profile-screen.js')),
    'ProfileScreen',
  ),
});
const tokens = createRoute({
  getParentRoute: () => settings,
  path: '/tokens',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/settings/tokens-screen.js')),
    'TokensScreen',
  ),
});
const sessions = createRoute({
  getParentRoute: () => settings,
  path: '/sessions',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/settings/sessions-screen.js')),
    'SessionsScreen',
  ),
});
const appearance = createRoute({
  getParentRoute: () => settings,
  path: '/appearance',
  component: lazyRouteComponent(
    loadScreen(() => import('./features/settings/appearance-screen.js')),
    'AppearanceScreen',
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    guest.addChildren([logIn, signUp]),
    member.addChildren([
      keys,
      trash,
      transfer,
      activity,
      usage,
      settings.addChildren([profile, tokens, sessions, appearance]),
    ]),
  ]),
  basepath,
  parseSearch,
  stringifySearch,
  // Pointing at a link fetches the screen's code, so that opening it waits for nothing.
  defaultPreload: 'intent',
  defaultErrorComponent: ScreenError,
  defaultPendingComponent: ScreenPending,
  defaultPendingMs: 300,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
