import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.js';
export interface SignUpPolicy {
  check(invite?: string): Promise<void>;
  admit(transaction: Kysely<Tables>, invite?: string): Promise<void>;
}
export function createSignUpPolicy(_o: object): SignUpPolicy {
  return { check: async () => {}, admit: async () => {} };
}
