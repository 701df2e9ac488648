import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ApiToken, Session } from 'halo-contract';
import { useEpoch } from '../../session/use-session.js';
import { listSessions, listTokens } from './requests.js';

const tokensOf = (epoch: number) => [epoch, 'tokens'] as const;
const sessionsOf = (epoch: number) => [epoch, 'sessions'] as const;

/** Both lists change without this tab knowing, so that looking at them again fetches them again. */
const fresh = { staleTime: 0, refetchOnWindowFocus: true } as const;

export function useTokens() {
  const epoch = useEpoch();
  return useQuery({
    queryKey: tokensOf(epoch),
    queryFn: ({ signal }) => listTokens(signal),
    enabled: epoch > 0,
    ...fresh,
  });
}

export function useSessions() {
  const epoch = useEpoch();
  return useQuery({
    queryKey: sessionsOf(epoch),
    queryFn: ({ signal }) => listSessions(signal),
    enabled: epoch > 0,
    ...fresh,
  });
}

/** Returns how to bring the lists up to date after what one has done oneself. */
export function useSecurityCache() {
  const client = useQueryClient();
  const epoch = useEpoch();
  return {
    revoked(id: string) {
      client.setQueryData<readonly ApiToken[]>(tokensOf(epoch), (tokens) =>
        tokens?.filter((token) => token.id !== id),
      );
    },
    ended(isEnded: (session: Session) => boolean) {
      client.setQueryData<readonly Session[]>(sessionsOf(epoch), (sessions) =>
        sessions?.filter((session) => !isEnded(session)),
      );
    },
    reloadTokens: () => client.invalidateQueries({ queryKey: tokensOf(epoch) }),
    reloadSessions: () => client.invalidateQueries({ queryKey: sessionsOf(epoch) }),
  };
}
