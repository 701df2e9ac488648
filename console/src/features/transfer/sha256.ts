/** A SHA-256 that is fed piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest in hex. Nothing may be added afterwards. */
  digest(): string;
}

const blockBytes = 64;
/** Where the length of the message begins in the last block. */
const lengthAt = 56;

/**
 * Returns a SHA-256, FIPS 180-4. The browser's own takes only what is whole in memory, and an export may be
 * larger than that; it is also missing on pages without TLS.
 */
export function createSha256(): Sha256 {
  const state = Uint32Array.from(initial);
  const block = new Uint8Array(blockBytes);
  const view = new DataView(block.buffer);
  const schedule = new Int32Array(blockBytes);
  let filled = 0;
  let total = 0;

  function update(bytes: Uint8Array): void {
    total += bytes.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(blockBytes - filled, bytes.length);
      block.set(bytes.subarray(0, at), filled);
      filled += at;
      if (filled < blockBytes) return;
      compress(state, view, 0, schedule);
    }
    // Whole blocks are read where they are, which is what makes long inputs quick.
    const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (; at + blockBytes <= bytes.length; at += blockBytes) compress(state, source, at, schedule);
    block.set(bytes.subarray(at));
    filled = bytes.length - at;
  }

  return {
    update,
    digest: () => {
      const bits = total * 8;
      update(Uint8Array.of(0x80));
      while (filled !== lengthAt) update(Uint8Array.of(0));
      view.setUint32(lengthAt, Math.floor(bits / 2 ** 32));
      view.setUint32(lengthAt + 4, bits % 2 ** 32);
      compress(state, view, 0, schedule);
      return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
    },
  };
}

function compress(state: Uint32Array, view: DataView, start: number, w: Int32Array): void {
  for (let t = 0; t < 16; t += 1) w[t] = view.getInt32(start + t * 4);
  for (let t = 16; t < 64; t += 1) {
    const early = at(w, t - 15);
    const late = at(w, t - 2);
    const small0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const small1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    w[t] = (at(w, t - 16) + small0 + at(w, t - 7) + small1) | 0;
  }
  let a = at(state, 0);
  let b = at(state, 1);
  let c = at(state, 2);
  let d = at(state, 3);
  let e = at(state, 4);
  let f = at(state, 5);
  let g = at(state, 6);
  let h = at(state, 7);
  for (let t = 0; t < 64; t += 1) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + at(constants, t) + at(w, t)) | 0;
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const turned = [a, b, c, d, e, f, g, h];
  for (const [index, word] of turned.entries()) state[index] = (at(state, index) + word) >>> 0;
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The index is always within; the compiler cannot know. */
function at(words: Int32Array | Uint32Array, index: number): number {
  return words[index] as number;
}

const primes = firstPrimes(64);
const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const constants = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

/** The first 32 bits behind the point, which a double holds exactly enough of for roots of small primes. */
function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32);
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
}
