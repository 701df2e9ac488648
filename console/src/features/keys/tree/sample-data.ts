import type { MutationRequest } from 'halo-contract';
import { commit } from './bulk/bulk-requests.js';

const json = 'application/json';
const hour = 3_600;

function pretty(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** What an application might keep; enough to try out folders, formats and expiry. */
const samples: readonly { key: string; value: string; content_type?: string; ttl?: number }[] = [
  { key: 'app/config/theme', value: pretty({ accent: '#4F5BD5', density: 'compact' }) },
  { key: 'app/config/limits', value: pretty({ requests: { per_second: 250, burst: 1_000 } }) },
  { key: 'app/config/features', value: pretty({ export: true, webhooks: false }) },
  { key: 'app/release', value: '2026.07.3\n', content_type: 'text/plain; charset=utf-8' },
  { key: 'counters/visits', value: '18204', content_type: 'text/plain; charset=utf-8' },
  { key: 'i18n/de/greeting', value: pretty('Schön, dass du da bist') },
  { key: 'i18n/en/greeting', value: pretty('Good to see you') },
  { key: 'i18n/ja/greeting', value: pretty('ようこそ') },
  { key: 'sessions/7f3a91c2', value: pretty({ user: '1001', device: 'laptop' }), ttl: 6 * hour },
  { key: 'sessions/b04d66e8', value: pretty({ user: '1002', device: 'phone' }), ttl: 24 * hour },
  { key: 'users/1001/profile', value: pretty({ name: 'Ada', plan: 'team', language: 'en' }) },
  { key: 'users/1002/profile', value: pretty({ name: 'Grace', plan: 'team', language: 'en' }) },
];

/** Sets a dozen keys in one commit, which one undo takes back. Returns its revision, and how many keys it set. */
export async function addSampleData(): Promise<{ revision: number; count: number }> {
  const mutations = samples.map((sample): MutationRequest => ({ set: { content_type: json, ...sample } }));
  const { revision } = await commit({
    // A key that somebody set meanwhile is not overwritten.
    checks: samples.map(({ key }) => ({ key, revision: 0 })),
    mutations,
  });
  return { revision, count: samples.length };
}
