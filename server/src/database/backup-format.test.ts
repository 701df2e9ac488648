import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import {
  BackupError,
  type BackupHeader,
  checkBackup,
  createBackupWriter,
  readBackup,
} from './backup-format.js';

const table = (name: string) => ({ name, columns: ['a'], rows: 1, counters: [] });
const header: BackupHeader = {
  halo_backup: 1,
  halo: '0.1.0',
  schema: '0001-accounts',
  taken_at: '2026-01-31T09:30:00.000Z',
  keys: ['kid'],
  tables: [table('accounts'), table('sessions')],
};
const contents = [Buffer.from('some rows\nwith a line feed'), Buffer.alloc(2_500_000, 7)];

function backupOf(made: BackupHeader, tables: readonly Buffer[]): Buffer {
  const writer = createBackupWriter();
  const parts = [writer.header(made)];
  for (const content of tables) parts.push(...writer.data(content), writer.tableEnd());
  return Buffer.concat([...parts, writer.end()]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

const whole = backupOf(header, contents);
const small = backupOf(header, [Buffer.from('ab'), Buffer.from('')]);

test.each([1_000, 65_536, whole.length])('what was written is read, in pieces of %i bytes', async (size) => {
  const backup = await readBackup(inPieces(whole, size));
  expect(backup.header).toEqual(header);
  for (const content of contents) expect((await buffer(backup.table())).equals(content)).toBe(true);
  await backup.end();
});

test('a backup that is cut anywhere is refused', async () => {
  expect(await checkBackup(inPieces(small, 7))).toEqual(header);
  for (let length = 0; length < small.length; length += 1) {
    await expect(checkBackup(inPieces(small.subarray(0, length), 7)), `${length} bytes`).rejects.toThrow(
      BackupError,
    );
  }
});

test('a backup in which a bit has changed is refused, wherever that is', async () => {
  for (let place = 0; place < small.length; place += 1) {
    const changed = Buffer.from(small);
    changed[place] = (changed[place] ?? 0) ^ 1;
    await expect(checkBackup(inPieces(changed, 64)), `byte ${place}`).rejects.toThrow(BackupError);
  }
});

test('what follows the end is refused', async () => {
  const longer = Buffer.concat([small, Buffer.from('\n')]);
  await expect(checkBackup(inPieces(longer, 64))).rejects.toThrow('is damaged');
});

test.each([[''], ['{}\n'], ['null\n'], ['not JSON\n'], ['no line'], ['x'.repeat(2_000_000)]])(
  'another file is no backup: %#',
  async (text) => {
    await expect(checkBackup(inPieces(Buffer.from(text), 4_096))).rejects.toThrow('is not a backup');
  },
);

test('a backup of a newer format names the Halo that made it', async () => {
  const newer = backupOf({ ...header, halo_backup: 2, halo: '7.0.0' }, []);
  await expect(checkBackup(inPieces(newer, 64))).rejects.toThrow(/newer Halo, 7\.0\.0/);
});
