import { useQuery } from '@tanstack/react-query';
import { readJson } from 'halo-client';
import type { AccountView, UsageReport } from 'halo-contract';
import { session } from '../../session/browser-session.js';
import { useEpoch } from '../../session/use-session.js';

/** What is stored, and how much may be. */
export function useAccount() {
  const epoch = useEpoch();
  return useQuery({
    queryKey: [epoch, 'account'],
    queryFn: async ({ signal }) =>
      readJson<AccountView>(await session.request({ method: 'GET', path: '/v1/account', signal })),
    enabled: epoch > 0,
    staleTime: 0,
  });
}

/** Reads and writes by the day. */
export function useUsageReport() {
  const epoch = useEpoch();
  return useQuery({
    queryKey: [epoch, 'usage'],
    queryFn: async ({ signal }) =>
      readJson<UsageReport>(await session.request({ method: 'GET', path: '/v1/account/usage', signal })),
    enabled: epoch > 0,
    staleTime: 0,
  });
}
