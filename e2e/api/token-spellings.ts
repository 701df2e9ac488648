import { randomBytes } from 'node:crypto';
import { encode, type Forgery, type Parts, signed } from './jwt-parts.js';

/** The genuine token with its parts exchanged, its signature touched, or written in another way. */
export function respelled(token: string, parts: Parts, other: Parts): Forgery[] {
  return [
    ...swapped(parts, other),
    ...signatures(parts),
    ...serialisations(parts),
    ...spellings(token, parts),
  ];
}

function swapped({ header, payload, texts }: Parts, other: Parts): Forgery[] {
  const [mine, theirs] = [texts, other.texts];
  const mixes = [
    [mine[0], theirs[1], mine[2]],
    [mine[0], mine[1], theirs[2]],
    [mine[1], mine[0], mine[2]],
    [mine[0], mine[0], mine[2]],
    [mine[1], mine[1], mine[2]],
    [mine[0], mine[2], mine[1]],
    [mine[2], mine[1], mine[0]],
  ].map((three, index) => ({ name: `parts mixed, ${index}`, token: three.join('.') }));
  const duplicates = (['sub', 'sid', 'exp', 'iss', 'aud'] as const).flatMap((name) => {
    const [own, foreign] = [
      JSON.stringify(payload[name]),
      JSON.stringify(other.payload[name] ?? 9_999_999_999),
    ];
    const rest = JSON.stringify(payload).slice(1);
    const texts = [
      `{"${name}":${foreign},${rest}`,
      `${JSON.stringify(payload).slice(0, -1)},"${name}":${own}}`,
    ];
    return texts.flatMap((text, index) => [
      { name: `${name} twice, ${index}`, token: `${mine[0]}.${encode(text)}.${mine[2]}` },
      { name: `${name} twice, ${index}, signed with another key`, token: signed(header, text) },
    ]);
  });
  const twice = `{"alg":"none",${JSON.stringify(header).slice(1)}`;
  return [
    ...mixes,
    ...duplicates,
    { name: 'alg twice', token: `${encode(twice)}.${mine[1]}.${mine[2]}` },
    { name: 'alg twice, unsigned', token: `${encode(twice)}.${mine[1]}.` },
    {
      name: 'escaped member names',
      token: `${mine[0]}.${encode(JSON.stringify(payload).replace('sub', '\\u0073ub'))}.${mine[2]}`,
    },
  ];
}

function signatures({ texts }: Parts): Forgery[] {
  const [header, payload, signature] = texts;
  const bytes = Buffer.from(signature, 'base64url');
  const under = (name: string, changed: Buffer) => ({
    name: `signature ${name}`,
    token: `${header}.${payload}.${changed.toString('base64url')}`,
  });
  const flipped = Array.from({ length: bytes.length }, (_, index) => {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8));
    return under(`with bit ${index % 8} of byte ${index} flipped`, changed);
  });
  /** The order of Ed25519’s group: adding it to S gives another signature that careless verifiers take. */
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  const malleable = Buffer.from((scalar % 2n ** 256n).toString(16).padStart(64, '0'), 'hex').reverse();
  const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
  return [
    ...flipped,
    under('of zeros', Buffer.alloc(64)),
    under('of ones', Buffer.alloc(64, 255)),
    under('of the identity', identity),
    under('at random', randomBytes(64)),
    under('with its scalar moved by the order', Buffer.concat([bytes.subarray(0, 32), malleable])),
    under('with its halves swapped', Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])),
    ...[0, 1, 31, 32, 48, 63].map((length) => under(`cut to ${length} bytes`, bytes.subarray(0, length))),
    ...[1, 32, 64].map((more) =>
      under(`with ${more} bytes more`, Buffer.concat([bytes, Buffer.alloc(more)])),
    ),
    under('twice', Buffer.concat([bytes, bytes])),
  ];
}

function serialisations({ header, payload, texts }: Parts): Forgery[] {
  const [headerText, payloadText, signature] = texts;
  const token = texts.join('.');
  const flattened = { protected: headerText, payload: payloadText, signature };
  const general = { payload: payloadText, signatures: [{ protected: headerText, signature }] };
  const jwe = encode({ alg: 'dir', enc: 'A256GCM', kid: header.kid, typ: header.typ });
  const filler = randomBytes(32).toString('base64url');
  return [
    { name: 'flattened JSON', token: JSON.stringify(flattened) },
    { name: 'general JSON', token: JSON.stringify(general) },
    { name: 'flattened JSON in base64url', token: encode(flattened) },
    { name: 'general JSON in base64url', token: encode(general) },
    { name: 'JWE with an empty key', token: `${jwe}..${filler}.${payloadText}.${filler}` },
    { name: 'JWE with a key', token: `${jwe}.${filler}.${filler}.${payloadText}.${filler}` },
    { name: 'JWE around the token', token: `${jwe}..${filler}.${encode(token)}.${filler}` },
    { name: 'nested', token: signed({ ...header, cty: 'JWT' }, token) },
    { name: 'nested under the genuine signature', token: `${headerText}.${encode(token)}.${signature}` },
    { name: 'payload detached', token: `${headerText}..${signature}` },
    { name: 'payload not encoded', token: `${headerText}.${JSON.stringify(payload)}.${signature}` },
    ...['null', '[]', '""', '1', '{', '', JSON.stringify([payload])].map((text) => ({
      name: `payload ${text.slice(0, 20)}`,
      token: `${headerText}.${encode(text)}.${signature}`,
    })),
  ];
}

/** The genuine token, written otherwise. */
function spellings(token: string, { texts }: Parts): Forgery[] {
  const [header, payload, signature] = texts;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spare = texts.flatMap((part, at) => {
    const bytes = Buffer.from(part, 'base64url');
    const others = [...alphabet].map((last) => part.slice(0, -1) + last);
    return others
      .filter((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes))
      .map((text, index) => ({
        name: `spare bits of part ${at}, ${index}`,
        token: texts.map((each, place) => (place === at ? text : each)).join('.'),
      }));
  });
  const odd = [
    '=',
    '==',
    '%',
    '!',
    '\t',
    '\u00a0',
    '\u00ad',
    ',',
    ';',
    '~',
    '+',
    '/',
    '.',
    '..',
    ' x',
    '.e30',
  ];
  const placed = odd.flatMap((text) => [
    { name: `${JSON.stringify(text)} behind`, token: token + text },
    { name: `${JSON.stringify(text)} before`, token: text + token },
    { name: `${JSON.stringify(text)} behind the header`, token: `${header}${text}.${payload}.${signature}` },
    { name: `${JSON.stringify(text)} behind the payload`, token: `${header}.${payload}${text}.${signature}` },
    {
      name: `${JSON.stringify(text)} within`,
      token: `${header}.${payload}.${signature.slice(0, 40)}${text}${signature.slice(40)}`,
    },
  ]);
  return [
    ...spare,
    // Blanks around a header’s value are not part of it.
    ...placed.filter((each) => each.token.trim() !== token),
    { name: 'in capitals', token: token.toUpperCase() },
    { name: 'in small letters', token: token.toLowerCase() },
    { name: 'backwards', token: [...token].reverse().join('') },
    { name: 'twice', token: `${token}.${token}` },
    { name: 'twice with a comma', token: `${token}, ${token}` },
    { name: 'quoted', token: `"${token}"` },
    { name: 'in base64url', token: encode(token) },
    { name: 'with a scheme', token: `Bearer ${token}` },
    { name: 'percent-encoded', token: token.replaceAll('.', '%2E') },
    { name: 'without its signature', token: `${header}.${payload}` },
    { name: 'with an empty signature', token: `${header}.${payload}.` },
    { name: 'in standard base64', token: token.replaceAll('-', '+').replaceAll('_', '/').concat('=') },
    { name: 'with wide letters', token: token.replace('e', '\uff45') },
    ...[1, 10, 43, 86, 100, 200].map((cut) => ({ name: `cut by ${cut}`, token: token.slice(0, -cut) })),
    ...[1, 10].map((cut) => ({ name: `without its first ${cut}`, token: token.slice(cut) })),
    { name: 'with a long tail', token: token + 'A'.repeat(4_000) },
  ];
}
