import { withHalo } from './open-halo.js';
import { count, print, printJson, type Terminal } from './terminal.js';

/**
 * Brings the database's schema up to date, as the start of a server does, and says what that took. An empty data
 * directory gets its database.
 *
 * @throws StartError when there is no database to work on, or it cannot be brought up to date
 */
export async function runMigration(terminal: Terminal, { json = false }: { json?: boolean }): Promise<void> {
  await withHalo(terminal, 'begin', async ({ migrations }) => {
    if (json) return printJson(terminal, { applied: migrations });
    if (migrations.length === 0) return print(terminal, 'The schema is up to date; nothing was changed.');
    const applied = count(migrations.length, 'migration was applied', 'migrations were applied');
    return print(terminal, `The schema is up to date: ${applied}, ${migrations.join(', ')}.`);
  });
}
