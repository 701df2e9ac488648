import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { LogInPage } from './features/auth/log-in-page.js';
import { ResumeDialog } from './features/auth/resume-dialog.js';
import { SignUpPage } from './features/auth/sign-up-page.js';
import { KeysScreen } from './features/keys/keys-screen.js';
import { readKeysSearch } from './features/keys/keys-search.js';
import { parseSearch, stringifySearch } from './search-text.js';
import { useSession } from './session/use-session.js';
import { AppFrame } from './ui/app-frame.js';
import { NotFoundPage } from './ui/not-found-page.js';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/keys', replace: true });
  },
});

interface Next {
  /** The query of the keys screen to return to. */
  readonly next?: string;
}

function readNext(search: Record<string, unknown>): Next {
  return typeof search.next === 'string' ? { next: search.next } : {};
}

const guest = createRoute({
  getParentRoute: () => root,
  id: 'guest',
  validateSearch: readNext,
  component: Guest,
});
const logIn = createRoute({ getParentRoute: () => guest, path: '/login', component: LogInPage });
const signUp = createRoute({ getParentRoute: () => guest, path: '/signup', component: SignUpPage });

/** Whoever is logged in has no business with a log-in form, and goes where they came from. */
function Guest() {
  const state = useSession();
  const { next } = guest.useSearch();
  if (state.status !== 'active') return <Outlet />;
  return <Navigate to="/keys" search={readKeysSearch(parseSearch(next ?? ''))} replace />;
}

const member = createRoute({ getParentRoute: () => root, id: 'member', component: Member });

/** Shows nothing of an account but to the person who is logged in as it. */
function Member() {
  const state = useSession();
  if (state.status !== 'active' && state.status !== 'interrupted') return <ToLogIn />;
  return (
    <AppFrame accountName={state.account.name}>
      <Outlet />
      {state.status === 'interrupted' ? <ResumeDialog name={state.account.name} /> : null}
    </AppFrame>
  );
}

/** After one's own log-out there is nowhere to return to; after an unwanted end there is. */
function ToLogIn() {
  const state = useSession();
  const here = router.state.location.searchStr;
  const loggedOut = state.status === 'anonymous' && state.reason === 'logged-out';
  return <Navigate to="/login" search={here === '' || loggedOut ? {} : { next: here }} replace />;
}

const keys = createRoute({
  getParentRoute: () => member,
  path: '/keys',
  validateSearch: readKeysSearch,
  component: KeysScreen,
});

const transfer = createRoute({
  getParentRoute: () => member,
  path: '/transfer',
  component: lazyRouteComponent(() => import('./features/transfer/transfer-screen.js'), 'TransferScreen'),
});

const usage = createRoute({
  getParentRoute: () => member,
  path: '/usage',
  component: lazyRouteComponent(() => import('./features/usage/usage-screen.js'), 'UsageScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    guest.addChildren([logIn, signUp]),
    member.addChildren([keys, transfer, usage]),
  ]),
  basepath: '/home',
  parseSearch,
  stringifySearch,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
