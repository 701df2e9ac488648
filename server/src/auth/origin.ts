/** Where a request came from, as sessions and the audit trail show it. */
export interface Origin {
  /** The `User-Agent` header. */
  readonly device: string | undefined;
  readonly address: string | undefined;
}

/** Enough of a `User-Agent` to recognise a device by; the rest is of no use to anybody. */
const deviceLengthMax = 256;
const addressLengthMax = 64;

/** What is kept of an origin: PostgreSQL cannot store everything that a client may choose to send. */
export function storedOrigin({ device, address }: Origin): {
  readonly device: string | null;
  readonly address: string | null;
} {
  return { device: storable(device, deviceLengthMax), address: storable(address, addressLengthMax) };
}

function storable(text: string | undefined, lengthMax: number): string | null {
  return text === undefined ? null : text.slice(0, lengthMax).toWellFormed().replaceAll('\0', '');
}
