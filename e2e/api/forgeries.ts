import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

export interface Forgery {
  /** What was done to it. */
  readonly name: string;
  readonly token: string;
}

export type Jwk = JsonWebKey & { readonly kid: string };

export interface Genuine {
  readonly token: string;
  /** Of another account. */
  readonly otherToken: string;
  /** The published ones. */
  readonly keys: readonly Jwk[];
}

type Members = Readonly<Record<string, unknown>>;

const attacker = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Everything that is known to have got past some verifier, and what might. All but the genuine token itself. */
export function forgeTokens(genuine: Genuine): Forgery[] {
  const parts = partsOf(genuine.token);
  const made = [
    ...algorithms(parts, genuine.keys),
    ...headers(parts),
    ...claims(parts),
    ...swapped(parts, partsOf(genuine.otherToken)),
    ...signatures(parts),
    ...serialisations(parts),
    ...spellings(genuine.token, parts),
  ];
  const seen = new Set([genuine.token]);
  return made.filter(({ token }) => {
    if (seen.has(token)) return false;
    seen.add(token);
    return true;
  });
}

interface Parts {
  readonly header: Members;
  readonly payload: Members;
  readonly texts: readonly [header: string, payload: string, signature: string];
}

function partsOf(token: string): Parts {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Members;
  return { header: read(header), payload: read(payload), texts: [header, payload, signature] };
}

function encode(content: unknown): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return Buffer.from(text).toString('base64url');
}

/** Signed with a key of the attacker’s own; what is text stands as it is. */
function signed(header: unknown, payload: unknown, key: KeyObject = attacker.privateKey): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

function algorithms({ header, texts }: Parts, keys: readonly Jwk[]): Forgery[] {
  const [, payloadText, signature] = texts;
  const nones = [
    'none',
    'None',
    'NONE',
    'nOnE',
    ' none',
    'none ',
    '',
    'null',
    null,
    0,
    false,
    [],
    ['none'],
    {},
  ];
  const unsigned = nones.flatMap((alg) =>
    [header, { alg, typ: 'JWT' }].flatMap((base) =>
      ['', signature].map((end) => ({
        name: `alg ${JSON.stringify(alg)}, signature ${end === '' ? 'empty' : 'genuine'}`,
        token: `${encode({ ...base, alg })}.${payloadText}.${end}`,
      })),
    ),
  );
  const [jwk] = keys;
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const secrets: Readonly<Record<string, Buffer | string>> = {
    'the raw public key': Buffer.from(jwk?.x ?? '', 'base64url'),
    'the public key as base64url': jwk?.x ?? '',
    'the public key as PEM': publicKey.export({ type: 'spki', format: 'pem' }),
    'the public key as DER': publicKey.export({ type: 'spki', format: 'der' }),
    'the public key as JWK': JSON.stringify(jwk),
    'the key id': jwk?.kid ?? '',
    nothing: '',
    'a common word': 'secret',
    'a name': 'halo',
  };
  const macs = Object.entries(secrets).flatMap(([of, secret]) =>
    (['256', '384', '512'] as const).flatMap((size) =>
      [`HS${size}`, 'EdDSA'].map((alg) => {
        const text = `${encode({ ...header, alg })}.${payloadText}`;
        const mac = createHmac(`sha${size}`, secret).update(text).digest('base64url');
        return { name: `HMAC-${size} with ${of} as ${alg}`, token: `${text}.${mac}` };
      }),
    ),
  );
  const others = [
    'RS256',
    'RS512',
    'PS256',
    'ES256',
    'ES256K',
    'ES512',
    'EdDSA',
    'Ed25519',
    'Ed448',
    'eddsa',
    'EDDSA',
  ];
  const asymmetric = others.flatMap((alg) =>
    Object.entries({ rsa, ec, attacker }).map(([of, { privateKey }]) => {
      const text = `${encode({ ...header, alg })}.${payloadText}`;
      const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
      const bytes = sign(algorithm, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return { name: `${alg} signed with the ${of} key`, token: `${text}.${bytes.toString('base64url')}` };
    }),
  );
  return [...unsigned, ...macs, ...asymmetric];
}

function headers({ header, payload, texts }: Parts): Forgery[] {
  const [, payloadText, signature] = texts;
  const ownJwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: header.kid };
  const kids = [
    ...[
      '',
      ' ',
      '0',
      'null',
      '__proto__',
      'constructor',
      'toString',
      '../../dev/null',
      '/dev/null',
      '%00',
      '\0',
    ],
    ...["' or 1=1 --", "' union select 'x' --", '| id', 'http://127.0.0.1:1/', 'file:///etc/passwd', '🙂'],
    ...[null, 0, 1, true, [], {}, [header.kid], { kid: header.kid }, `${header.kid} `, `${header.kid}\n`],
    ...[String(header.kid).toUpperCase(), 'x'.repeat(600)],
  ];
  const foreign: Members = {
    jwk: ownJwk,
    jku: 'http://127.0.0.1:1/jwks.json',
    x5u: 'http://127.0.0.1:1/certificate.pem',
    x5c: ['MIIB'],
    x5t: 'AAAA',
    'x5t#S256': 'AAAA',
    crit: ['exp'],
    b64: false,
    cty: 'JWT',
    zip: 'DEF',
    enc: 'A256GCM',
    epk: ownJwk,
    p2c: 1,
    nonce: 'x',
    exp: 9_999_999_999,
    sub: payload.sub,
    __proto__x: 1,
  };
  const extra = Object.entries(foreign).flatMap(([name, value]) => [
    { name: `header with ${name}`, token: signed({ ...header, [name]: value }, payload) },
    {
      name: `header with ${name} under the genuine signature`,
      token: `${encode({ ...header, [name]: value })}.${payloadText}.${signature}`,
    },
  ]);
  const critical = [['b64'], ['b64', 'exp'], [], ['kid'], 'b64', null].map((crit) => ({
    name: `crit ${JSON.stringify(crit)} with b64 false`,
    token: signed({ ...header, b64: false, crit }, payload),
  }));
  const types = [
    'JWT',
    'jwt',
    'AT+JWT',
    'application/at+jwt',
    'at+jwt ',
    'rt+jwt',
    'dpop+jwt',
    '',
    null,
    undefined,
    1,
  ];
  const typed = types.flatMap((typ) => [
    { name: `typ ${JSON.stringify(typ)}`, token: signed({ ...header, typ }, payload) },
    {
      name: `typ ${JSON.stringify(typ)} under the genuine signature`,
      token: `${encode({ ...header, typ })}.${payloadText}.${signature}`,
    },
  ]);
  const named = kids.map((kid) => ({
    name: `kid ${JSON.stringify(kid).slice(0, 40)}`,
    token: signed({ ...header, kid }, payload),
  }));
  const { kid: _kid, ...anonymous } = header;
  const broken = ['null', '[]', '""', '1', '{', '{"alg":"EdDSA"', '', '\ufeff{}'].map((text) => ({
    name: `header ${JSON.stringify(text)}`,
    token: `${encode(text)}.${payloadText}.${signature}`,
  }));
  return [
    ...extra,
    ...critical,
    ...typed,
    ...named,
    ...broken,
    { name: 'no kid', token: signed(anonymous, payload) },
  ];
}

function claims({ header, payload, texts }: Parts): Forgery[] {
  const [headerText, , signature] = texts;
  const now = Math.floor(Date.now() / 1_000);
  const changes: Readonly<Record<string, readonly unknown[]>> = {
    exp: [
      now - 1,
      0,
      -1,
      undefined,
      null,
      '9999999999',
      String(now + 900),
      9_999_999_999,
      1e308,
      now + 0.5,
      true,
      [],
    ],
    nbf: [now + 900, 9_999_999_999, '0', null, -1],
    iat: [now + 900, undefined, null, '0', 0.5, 1e308],
    iss: ['', 'Halo', 'halo ', 'evil', undefined, null, ['halo'], ['halo', 'evil'], { halo: true }, 1],
    aud: ['', 'Halo', 'evil', undefined, null, ['halo'], ['evil', 'halo'], [], { halo: true }, 0],
    sub: [
      '',
      '0',
      '-1',
      '1 or 1=1',
      '9223372036854775808',
      undefined,
      null,
      1,
      [payload.sub],
      { id: payload.sub },
    ],
    sid: ['', 'AAAAAAAAAAAAAAAA', 'x', undefined, null, 1, [payload.sid], '../x', 'a'.repeat(16)],
  };
  return Object.entries(changes).flatMap(([name, values]) =>
    values.flatMap((value) => {
      const changed = { ...payload, [name]: value };
      const of = `${name} ${JSON.stringify(value)}`;
      return [
        { name: `${of} under the genuine signature`, token: `${headerText}.${encode(changed)}.${signature}` },
        { name: `${of} signed with another key`, token: signed(header, changed) },
      ];
    }),
  );
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
