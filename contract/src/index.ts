/** Halo's contract: what clients may rely on. It has no I/O and runs anywhere. */
export * from './accounts.js';
export * from './entries.js';
export * from './key.js';
export * from './limits.js';
export * from './openapi.js';
export * from './operations.js';
export * from './problems.js';
