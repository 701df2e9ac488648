import { accountOperations } from './account-operations.js';
import { historyOperations } from './history-operations.js';
import { keyOperations } from './key-operations.js';
import type { Operation } from './operation.js';
import { securityOperations } from './security-operations.js';
import { serverOperations } from './server-operations.js';

/** Every operation of the wire, in the order of the reference. */
export const operations = {
  ...accountOperations,
  ...securityOperations,
  ...keyOperations,
  ...historyOperations,
  ...serverOperations,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

export const operationNames = Object.keys(operations) as OperationName[];
