import { type Change, type ChangesPage, type HistoryPage, operations } from 'halo-contract';
import { expectJson, type Halo, type Person } from '../halo.js';
import type { Stored } from './checker.js';

const pageMax = 1_000;

/** Reads everything that the server holds of an account: log, values and histories, each by its own way. */
export async function readStored(halo: Halo, person: Person): Promise<Stored> {
  const log = await readLog(halo, person);
  const { keys } = await halo.page(person, { limit: String(pageMax) });
  const values = new Map(
    await Promise.all(
      keys.map(async ({ key, revision }) => {
        return [key, { revision, value: (await halo.read(person, key)).toString() }] as const;
      }),
    ),
  );
  const histories = new Map(
    await Promise.all(keys.map(async ({ key }) => [key, await readHistory(halo, person, key)] as const)),
  );
  const { revision } = await halo.account(person);
  return { log, revision, values, histories };
}

async function readLog(halo: Halo, person: Person): Promise<Change[]> {
  const log: Change[] = [];
  for (let since = 0; ; ) {
    const path = `${operations.listChanges.path}?values=true&limit=${pageMax}&since=${since}`;
    const response = await halo.request('GET', path, { token: person.accessToken });
    const page = await expectJson<ChangesPage>(response, 200);
    log.push(...page.changes);
    if (!page.more) return log;
    since = page.revision;
  }
}

async function readHistory(halo: Halo, person: Person, key: string): Promise<number[]> {
  const path = operations.getHistory.path.replace('{key}', () => encodeURIComponent(key));
  const revisions: number[] = [];
  for (let cursor = ''; ; ) {
    const query = new URLSearchParams({ limit: String(pageMax), ...(cursor === '' ? {} : { cursor }) });
    const response = await halo.request('GET', `${path}?${query}`, { token: person.accessToken });
    const page = await expectJson<HistoryPage>(response, 200);
    revisions.push(...page.versions.map(({ revision }) => revision));
    if (page.cursor === null) return revisions.reverse();
    cursor = page.cursor;
  }
}
