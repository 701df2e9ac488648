import pg from 'pg';
import { refuseStandby } from './connections.js';
import { databaseError } from './failure.js';

/**
 * Whether PostgreSQL can do now what Halo is for. It asks on a connection of its own: the pools may all be busy with
 * long work, which says nothing about PostgreSQL, and whoever waits for a frozen one would hold theirs up.
 */
export interface Readiness {
  /** @throws HaloError `unavailable` within two seconds unless PostgreSQL answers and takes writes */
  check(): Promise<void>;
  close(): void;
}

/** Less than the two seconds that are promised, and than what a usual probe waits. */
const answerMsMax = 1_500;

/** Follows a change of the setting by itself, and is on for every standby. */
const question = "select current_setting('transaction_read_only') as read_only";

export function createReadiness(config: pg.ClientConfig): Readiness {
  let kept: pg.Client | undefined;
  /** However many ask at once, PostgreSQL is asked once. */
  let asking: Promise<void> | undefined;
  let closed = false;

  async function ask(): Promise<void> {
    const client = kept ?? new pg.Client({ ...config, query_timeout: answerMsMax });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('Query read timeout')), answerMsMax);
    });
    try {
      await Promise.race([answer(client, client !== kept), late]);
      if (closed) drop(client);
      else kept = client;
    } catch (error) {
      kept = undefined;
      drop(client);
      throw databaseError(error, { committing: false });
    } finally {
      clearTimeout(timer);
    }
  }

  async function answer(client: pg.Client, isNew: boolean): Promise<void> {
    if (isNew) {
      // Whoever asks next learns of it and connects anew.
      client.on('error', () => {
        if (kept === client) kept = undefined;
      });
      await client.connect();
      await refuseStandby(client);
    }
    const { rows } = await client.query<{ read_only: string }>(question);
    if (rows[0]?.read_only !== 'off') throw new ReadOnly();
  }

  return {
    check: () => {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    close: () => {
      closed = true;
      if (kept !== undefined) drop(kept);
      kept = undefined;
    },
  };
}

/** SQLSTATE 25006, as PostgreSQL answers a write. */
class ReadOnly extends pg.DatabaseError {
  override readonly code = '25006';
  constructor() {
    super('PostgreSQL takes no writes', 0, 'error');
  }
}

/** Without waiting for a PostgreSQL that may be frozen. */
function drop(client: pg.Client): void {
  client.end().catch(() => {});
  (
    client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
  ).connection.stream.destroy();
}
