import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Halo, Person } from '../halo.js';

interface SampleKey {
  readonly key: string;
  readonly value: string | Uint8Array<ArrayBuffer>;
  readonly type?: string;
  readonly metadata?: object;
  readonly ttl?: number;
}

const hour = 3_600;
const day = 24 * hour;

function pretty(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** The key that is shown open, in pictures and wherever any key will do. */
export const openSample = 'app/config/limits';

/** Set above its first revision, since few keys that anybody looks at are new. */
const openRevisions = 6;

const limits = pretty({
  plan: 'team',
  requests: { per_second: 250, burst: 1_000 },
  storage: { keys: 50_000, bytes: 1_073_741_824 },
  regions: ['eu-west', 'us-east'],
  features: { export: true, webhooks: true, audit_log: false },
  support: null,
});

const favicon = fileURLToPath(new URL('../../console/public/favicon.svg', import.meta.url));

const users = ['1001', '1002', '1003', '1004', '1005', '1006', '1007', '1008'];

/** What an application might keep: settings, profiles, sessions that expire, a picture, some bytes. */
async function sampleKeys(): Promise<readonly SampleKey[]> {
  const bytes = Uint8Array.from({ length: 512 }, (_, index) => (index * 167 + 31) % 256);
  return [
    { key: 'app/config/features', value: pretty({ beta: true, 'dark-mode': 'auto', 'new-editor': 0.25 }) },
    {
      key: openSample,
      value: limits,
      metadata: { owner: 'platform', reviewed: true },
      ttl: 2 * day + 4 * hour + 600,
    },
    { key: 'app/config/theme', value: pretty({ accent: '#4F5BD5', density: 'compact', font: 'Geist' }) },
    { key: 'app/config/timeouts', value: pretty({ connect_ms: 500, read_ms: 5_000, idle_ms: 30_000 }) },
    { key: 'app/release', value: '2026.07.3\n', type: 'text/plain; charset=utf-8' },
    { key: 'assets/logo.svg', value: await readFile(favicon, 'utf8'), type: 'image/svg+xml' },
    { key: 'assets/noise.bin', value: bytes, type: 'application/octet-stream' },
    { key: 'i18n/de/greeting', value: '"Schön, dass du da bist"' },
    { key: 'i18n/en/greeting', value: '"Good to see you"' },
    { key: 'i18n/ja/greeting', value: '"ようこそ"' },
    { key: 'jobs/nightly/last-run', value: pretty({ status: 'done', rows: 18_204, seconds: 42.7 }) },
    { key: 'locks/nightly-report', value: '"worker-3"', ttl: 14 * 60 + 30 },
    { key: 'sessions/7f3a91c2', value: pretty({ user: '1001', device: 'laptop' }), ttl: 5 * hour + 1_500 },
    { key: 'sessions/b04d66e8', value: pretty({ user: '1004', device: 'phone' }), ttl: 23 * hour },
    ...users.map((id) => ({
      key: `users/${id}/profile`,
      value: pretty({ id: Number(id), plan: 'team', language: 'en' }),
      metadata: { schema: 2 },
    })),
  ];
}

/** Sets the sample keys of an account that has none of them. */
export async function setSampleKeys(halo: Halo, person: Person): Promise<void> {
  for (let revision = 1; revision < openRevisions; revision += 1) {
    await halo.set(person, openSample, pretty({ plan: 'team', draft: revision }));
  }
  for (const { key, value, type = 'application/json', metadata, ttl } of await sampleKeys()) {
    const headers = {
      'content-type': type,
      ...(metadata === undefined ? {} : { 'halo-metadata': JSON.stringify(metadata) }),
    };
    await halo.set(person, key, value, { headers, ...(ttl === undefined ? {} : { query: `ttl=${ttl}` }) });
  }
}
