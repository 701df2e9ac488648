/** Halo's contract: what clients may rely on. It has no I/O and runs anywhere. */
export * from './accounts.js';
export * from './audit.js';
export * from './commits.js';
export * from './entries.js';
export * from './history.js';
export * from './key.js';
export * from './limits.js';
export * from './openapi.js';
export * from './operation.js';
export * from './operations.js';
export * from './problems.js';
export * from './sessions.js';
export * from './transfer.js';
