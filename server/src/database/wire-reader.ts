import pg from 'pg';

/** Of each column its bytes, or null. */
export type WireRow = readonly (Buffer | null)[];

/** What PostgreSQL says on a wire, as far as it matters there (PostgreSQL's documentation, section 54.7). */
export type WireMessage =
  | { readonly kind: 'row'; readonly row: WireRow }
  | { readonly kind: 'complete' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'warning'; readonly state: string }
  | { readonly kind: 'error'; readonly error: Error; readonly isFatal: boolean };

const headBytes = 5;
const complete: WireMessage = { kind: 'complete' };
const ready: WireMessage = { kind: 'ready' };

/**
 * Makes a reader of what arrives, in whatever pieces. Columns of rows are views of the pieces, which are Node's own
 * and not used again.
 */
export function createWireReader(take: (message: WireMessage) => void): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let bytes = 0;
  /** As many bytes are needed before there is anything to do. */
  let wanted = headBytes;

  return (chunk) => {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) return;
    const whole = pieces.length === 1 ? chunk : Buffer.concat(pieces, bytes);
    let offset = 0;
    wanted = headBytes;
    while (whole.length - offset >= headBytes) {
      const messageBytes = 1 + whole.readUInt32BE(offset + 1);
      if (whole.length - offset < messageBytes) {
        wanted = messageBytes;
        break;
      }
      const message = parse(whole, offset);
      offset += messageBytes;
      if (message !== undefined) take(message);
    }
    const rest = whole.subarray(offset);
    pieces = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  };
}

function parse(bytes: Buffer, start: number): WireMessage | undefined {
  switch (bytes[start]) {
    case 0x44: // DataRow
      return { kind: 'row', row: parseRow(bytes, start + headBytes) };
    case 0x43: // CommandComplete
      return complete;
    case 0x5a: // ReadyForQuery
      return ready;
    case 0x45: // ErrorResponse
      return parseError(parseFields(bytes, start + headBytes));
    case 0x4e: // NoticeResponse
      return { kind: 'warning', state: parseFields(bytes, start + headBytes).get('C') ?? '' };
    default: // The rest only confirms what was asked.
      return undefined;
  }
}

function parseRow(bytes: Buffer, start: number): WireRow {
  const row: (Buffer | null)[] = new Array(bytes.readInt16BE(start));
  let offset = start + 2;
  for (let column = 0; column < row.length; column += 1) {
    const length = bytes.readInt32BE(offset);
    offset += 4;
    row[column] = length < 0 ? null : bytes.subarray(offset, offset + length);
    offset += Math.max(0, length);
  }
  return row;
}

/** Fields of one letter and text each, ended by a NUL. */
function parseFields(bytes: Buffer, start: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let offset = start; bytes[offset] !== 0; ) {
    const end = bytes.indexOf(0, offset + 1);
    if (end === -1) throw new Error('PostgreSQL sent a message that does not end.');
    fields.set(String.fromCharCode(bytes[offset] ?? 0), bytes.toString('utf8', offset + 1, end));
    offset = end + 1;
  }
  return fields;
}

/** `V` is the severity in English, whatever the server's language. */
function parseError(fields: ReadonlyMap<string, string>): WireMessage {
  const severity = fields.get('V') ?? fields.get('S') ?? '';
  const error = new pg.DatabaseError(fields.get('M') ?? 'unknown', 0, 'error');
  error.severity = severity;
  error.code = fields.get('C');
  return { kind: 'error', error, isFatal: severity !== 'ERROR' };
}
