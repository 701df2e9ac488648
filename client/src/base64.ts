/** Characters at a time: more arguments than this overflow some engines' stacks. */
const chunk = 0x8000;

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += chunk) {
    binary += String.fromCharCode(...bytes.subarray(start, start + chunk));
  }
  return btoa(binary);
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  // A plain loop: `Uint8Array.from` takes seconds for megabytes.
  const bytes = new Uint8Array(binary.length);
  for (let n = 0; n < bytes.length; n += 1) bytes[n] = binary.charCodeAt(n);
  return bytes;
}
