import { Type } from 'typebox';
import { KeySet } from './accounts.js';
import type { Operation } from './operation.js';

/** What concerns the server rather than anybody’s data. */
export const serverOperations = {
  live: {
    id: 'live',
    method: 'GET',
    path: '/health/live',
    tag: 'Server',
    summary: 'Whether the process runs',
    authenticated: false,
    answers: { 200: { description: 'It runs.', content: Type.Object({ status: Type.Literal('live') }) } },
    problems: [],
  },
  ready: {
    id: 'ready',
    method: 'GET',
    path: '/health/ready',
    tag: 'Server',
    summary: 'Whether requests can be served',
    authenticated: false,
    answers: {
      200: { description: 'PostgreSQL answers.', content: Type.Object({ status: Type.Literal('ready') }) },
    },
    problems: [],
  },
  jwks: {
    id: 'jwks',
    method: 'GET',
    path: '/.well-known/jwks.json',
    tag: 'Server',
    summary: 'The public keys that verify access tokens',
    authenticated: false,
    answers: { 200: { description: 'A JSON Web Key Set, RFC 7517.', content: KeySet } },
    problems: [],
  },
} as const satisfies Record<string, Operation>;
