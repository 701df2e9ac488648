/** What Halo says to PostgreSQL on a wire (PostgreSQL's documentation, section 54.7). */

/** A statement and its parameters, each in the binary format of its type, or null. */
export interface Bound {
  /** Names the prepared statement: the same text always. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly (Buffer | null)[];
}

const code = { parse: 0x50, bind: 0x42 } as const;
/** The length counts itself. */
const lengthBytes = 4;
const allBinary = 1;
const nullLength = -1;

/** Executes the unnamed portal to its end. */
export const executeMessage = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
export const syncMessage = Buffer.from([0x53, 0, 0, 0, 4]);

/** Binds the parameters to the unnamed portal, after preparing the statement if asked to. */
export function bindMessages({ name, text, values }: Bound, prepare: boolean): Buffer[] {
  const bind = bindMessage(name, values);
  return prepare ? [parseMessage(name, text), bind] : [bind];
}

function parseMessage(name: string, text: string): Buffer {
  const length = lengthBytes + Buffer.byteLength(name) + 1 + Buffer.byteLength(text) + 1 + 2;
  const message = Buffer.alloc(1 + length);
  let offset = message.writeUInt8(code.parse);
  offset = message.writeInt32BE(length, offset);
  offset += message.write(name, offset) + 1;
  message.write(text, offset);
  return message;
}

function bindMessage(name: string, values: readonly (Buffer | null)[]): Buffer {
  // An empty portal name, the statement's name, one parameter format, the parameters, one result format.
  let length = lengthBytes + 1 + Buffer.byteLength(name) + 1 + 4 + 2 + 4;
  for (const value of values) length += lengthBytes + (value?.length ?? 0);
  const message = Buffer.allocUnsafe(1 + length);
  let offset = message.writeUInt8(code.bind);
  offset = message.writeInt32BE(length, offset);
  offset = message.writeUInt8(0, offset);
  offset += message.write(name, offset);
  offset = message.writeUInt8(0, offset);
  offset = message.writeInt16BE(1, offset);
  offset = message.writeInt16BE(allBinary, offset);
  offset = message.writeInt16BE(values.length, offset);
  for (const value of values) {
    offset = message.writeInt32BE(value?.length ?? nullLength, offset);
    if (value !== null) offset += value.copy(message, offset);
  }
  offset = message.writeInt16BE(1, offset);
  message.writeInt16BE(allBinary, offset);
  return message;
}
