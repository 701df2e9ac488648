/** A value above this many bytes is not fetched to be shown; it can be downloaded. */
export const shownBytesMax = 1_048_576;

/** Of a value above this many bytes only the beginning is shown until it is edited. */
export const previewBytesMax = 262_144;

/** A key as it was when it was read: one answer of the server, headers and bytes together. */
export interface Snapshot {
  readonly key: string;
  readonly revision: number;
  readonly contentType: string;
  /** Bytes of the value, if the server said. */
  readonly size: number | undefined;
  /** The bytes, or undefined when they are more than `shownBytesMax`. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** The metadata header as it came, to be sent back as it came. */
  readonly metadata: string | undefined;
  readonly createdAt: string | undefined;
  readonly updatedAt: string | undefined;
  readonly expiresAt: string | undefined;
}

/** Reads one answer into a snapshot, giving up on the body as soon as it proves too long to show. */
export async function readSnapshot(key: string, response: Response): Promise<Snapshot> {
  const header = (name: string) => response.headers.get(name) ?? undefined;
  const length = header('Content-Length');
  const body = await readAtMost(response, shownBytesMax);
  return {
    key,
    revision: Number(header('Halo-Revision')),
    contentType: header('Content-Type') ?? 'application/octet-stream',
    size: body?.length ?? (length === undefined ? undefined : Number(length)),
    body,
    metadata: header('Halo-Metadata'),
    createdAt: header('Halo-Created-At'),
    updatedAt: header('Last-Modified'),
    expiresAt: header('Halo-Expires-At'),
  };
}

async function readAtMost(
  response: Response,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = Number(response.headers.get('Content-Length') ?? 0) > bytesMax ? bytesMax + 1 : 0;
  while (length <= bytesMax) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
    length += value.length;
  }
  await reader.cancel();
  return undefined;
}
