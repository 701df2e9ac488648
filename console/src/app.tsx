import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { isTransient } from './explain.js';
import { live } from './live/browser-live.js';
import { router } from './router.js';
import { session } from './session/browser-session.js';
import { useSession } from './session/use-session.js';
import { StartPage } from './ui/start-page.js';
import { cssVariables, schemeManager, theme } from './ui/theme.js';
import { clearToasts } from './ui/toast.js';

/** A refusal is final; only what may pass by itself is tried again, once and after a second: a person is waiting. */
const retriesMax = 1;

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < retriesMax && isTransient(error),
      // The list fetches page by page; to fetch all of them again on every focus would be a storm.
      refetchOnWindowFocus: false,
      staleTime: 30_000,
    },
  },
});

session.onEnd(() => {
  queryClient.clear();
  clearToasts();
});

// What came in before the stream began, or while it lost its thread, may have changed unheard.
live.onGap(() => void queryClient.invalidateQueries({}, { cancelRefetch: false }));

export function App() {
  const state = useSession();
  const ready = state.status !== 'starting' && state.status !== 'unreachable';
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={schemeManager}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        {ready ? <RouterProvider router={router} /> : <StartPage state={state} onRetry={session.start} />}
        <Notifications position="bottom-right" containerWidth={400} limit={4} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
