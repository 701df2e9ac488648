import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'halo_';

/**
 * What anybody can make up who knows the form of API tokens and the id of an account: prefix, and in base64url
 * account, session, secret and checksum. Only the secret is wrong.
 */
export function forgedApiToken(accountId: string, sessionId: Buffer = randomBytes(12)): string {
  const account = Buffer.alloc(8);
  account.writeBigInt64BE(BigInt(accountId));
  const content = Buffer.concat([account, sessionId, randomBytes(32)]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content, crc32(prefix)));
  return prefix + Buffer.concat([content, checksum]).toString('base64url');
}
