import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { attacker, encode, type Forgery, type Parts, partsOf, signed } from './jwt-parts.js';
import { respelled } from './token-spellings.js';

export type Jwk = JsonWebKey & { readonly kid: string };

export interface Genuine {
  readonly token: string;
  /** Of another account. */
  readonly otherToken: string;
  /** The published ones. */
  readonly keys: readonly Jwk[];
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Everything that is known to have got past some verifier, and what might. All but the genuine token itself. */
export function forgeTokens(genuine: Genuine): Forgery[] {
  const parts = partsOf(genuine.token);
  const made = [
    ...algorithms(parts, genuine.keys),
    ...headers(parts),
    ...claims(parts),
    ...respelled(genuine.token, parts, partsOf(genuine.otherToken)),
  ];
  const seen = new Set([genuine.token]);
  return made.filter(({ token }) => {
    if (seen.has(token)) return false;
    seen.add(token);
    return true;
  });
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
  const foreign: Readonly<Record<string, unknown>> = {
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
