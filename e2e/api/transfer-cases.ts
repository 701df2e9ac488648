import { ndjsonType, type OperationName } from 'halo-contract';
import type { AnswerCase } from './answer-case.js';
import { credentialCases } from './key-cases.js';

const lines = { headers: { 'content-type': ndjsonType }, body: '{"key":"a","value":"b"}\n{"key":""}\n' };

function withBody(cases: readonly AnswerCase[]): AnswerCase[] {
  return cases.map((each) => ({
    ...each,
    send: async (halo, person) => ({ ...lines, ...(await each.send(halo, person)) }),
  }));
}

const exporting: OperationName = 'exportStore';
const importing: OperationName = 'importStore';

/** Export and import: one case for each answer that the contract documents. */
export const transferCases: readonly AnswerCase[] = [
  ...credentialCases(exporting),
  {
    operation: exporting,
    proves: 200,
    when: 'there are keys',
    send: async (halo, person) => {
      await halo.set(person, 'a', 'text', { headers: { 'halo-metadata': '{"a":1}' } });
      await halo.set(person, 'b', Buffer.from([255]), { query: 'ttl=60' });
      return {};
    },
  },
  ...withBody(credentialCases(importing)),
  { operation: importing, proves: 200, when: 'some lines can be imported', send: () => lines },
  {
    operation: importing,
    proves: 'unsupported-media-type',
    when: 'the body is declared to be something else',
    send: () => ({ ...lines, headers: { 'content-type': 'application/json' } }),
  },
];
