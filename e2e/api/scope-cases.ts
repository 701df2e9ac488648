import { ndjsonType, type OperationName } from 'halo-contract';
import type { Halo, Person } from '../halo.js';
import { securityOf } from '../security.js';
import { type AnswerCase, json, type Sending } from './answer-case.js';
import { ownerOnly } from './security-cases.js';

const key = 'outside';
const lines = { headers: { 'content-type': ndjsonType }, body: '{"key":"outside","value":"x"}\n' };

/** What an API token for keys under `inside/` may not do, with what would be answered to whoever may. */
const beyondPrefix: Readonly<Partial<Record<OperationName, Sending>>> = {
  getKey: { key },
  headKey: { key },
  putKey: { key, body: 'x' },
  deleteKey: { key },
  read: json({ keys: ['inside/a', key] }),
  commit: json({ mutations: [{ set: { key: 'inside/a', value: 'x' } }, { delete: { key } }] }),
  undo: json({ revision: 1 }),
  getHistory: { key },
  purgeKey: { key },
};

/** What an API token that may only read may not do. */
const beyondReading: Readonly<Partial<Record<OperationName, Sending>>> = {
  putKey: { key, body: 'x' },
  deleteKey: { key },
  commit: json({ mutations: [{ set: { key, value: 'x' } }] }),
  undo: json({ revision: 1 }),
  purgeKey: { key },
  importStore: lines,
};

async function tokenOf(halo: Halo, person: Person, request: object): Promise<string> {
  await halo.set(person, key, 'value');
  return (await securityOf(halo).createToken(person, request)).token;
}

function casesOf(
  sendings: Readonly<Partial<Record<OperationName, Sending>>>,
  when: string,
  request: object,
): AnswerCase[] {
  return (Object.entries(sendings) as [OperationName, Sending][]).map(([operation, sending]) => ({
    operation,
    proves: 'insufficient-scope',
    when,
    send: async (halo, person) => ({ ...sending, token: await tokenOf(halo, person, request) }),
  }));
}

/** `insufficient-scope` of every operation that documents it. */
export const scopeCases: readonly AnswerCase[] = [
  ...casesOf(ownerOnly, 'an API token asks', { access: 'write' }),
  ...casesOf(beyondPrefix, 'the key is outside the token’s prefix', { access: 'write', prefix: 'inside/' }),
  ...casesOf(beyondReading, 'the token may only read', { access: 'read' }),
];
