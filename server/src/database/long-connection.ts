import pg from 'pg';
import type { DatabaseAddress } from './database.js';

const connectTimeoutMs = 5_000;

/** Those of all versions; 15 does not have the last. */
const timeLimits = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
];

/**
 * Opens a connection for one piece of work that takes as long as it takes, whatever limits of time the server or its
 * user has been given.
 */
export async function openLongConnection(address: DatabaseAddress): Promise<pg.Client> {
  const client = new pg.Client({
    ...address,
    application_name: 'halo',
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // The query that is under way hears of it too; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  await client.query(`select set_config(name, '0', false) from pg_settings where name = any($1)`, [
    timeLimits,
  ]);
  return client;
}
