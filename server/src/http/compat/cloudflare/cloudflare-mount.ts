import { limits } from 'halo-contract';
import { Type } from 'typebox';
import { HaloError } from '../../../errors.js';
import { readBody } from '../../body.js';
import { checkEncoding, parseJson } from '../../json.js';
import { pathOf } from '../../key-path.js';
import { compileQuery } from '../../query.js';
import { compileValidate } from '../../validate.js';
import type { Answer, Call, Mount } from '../mount.js';
import { deleteBulk, getBulk, putBulk } from './kv-bulk.js';
import { keyIn } from './kv-key.js';
import { listKeys } from './kv-keys.js';
import { deleteValue, getMetadata, getValue, putValue } from './kv-values.js';
import {
  createNamespace,
  deleteNamespace,
  findNamespace,
  isNamespaceId,
  listNamespaces,
  type Namespace,
  renameNamespace,
} from './namespaces.js';
import { KvRefusal, namespaceNotFound, refusalAnswer, resultAnswer } from './refusal.js';

/**
 * The REST API of Workers KV, as Cloudflare's own clients speak it: namespaces, values, lists and bulk requests
 * below `/accounts/{account}/storage/kv/namespaces`.
 */
export const cloudflareMount: Mount = { path: '/compat/cloudflare', serve, refusal: refusalAnswer };

type Verb = (call: Call, id: string, key: string) => Promise<Answer>;

interface Place {
  readonly verbs: Readonly<Record<string, Verb>>;
  readonly id: string;
  readonly key: string;
}

/** The account, and what follows the collection of namespaces. */
const collection = /^(?:\/client\/v4)?\/accounts\/([^/]+)\/storage\/kv\/namespaces(\/.*)?$/s;
const members = /^\/([^/]+)(?:\/(keys|bulk|bulk\/delete|bulk\/get))?$/;
const values = /^\/([^/]+)\/(values|metadata)\/(.+)$/s;

const memberVerbs: Readonly<Record<string, Readonly<Record<string, Verb>>>> = {
  '': {
    GET: async (call, id) => namespaceAnswer(await findNamespace(call, id)),
    PUT: async (call, id) => namespaceAnswer(await renameNamespace(call, id, (await readRename(call)).title)),
    DELETE: async (call, id) => {
      await deleteNamespace(call, id);
      return resultAnswer('{}');
    },
  },
  keys: { GET: listKeys },
  bulk: { PUT: putBulk, DELETE: deleteBulk },
  'bulk/delete': { POST: deleteBulk },
  'bulk/get': { POST: getBulk },
};
const valueVerbs: Readonly<Record<string, Readonly<Record<string, Verb>>>> = {
  values: { GET: getValue, PUT: putValue, DELETE: deleteValue },
  metadata: { GET: getMetadata },
};
const collectionVerbs: Readonly<Record<string, Verb>> = {
  GET: listPage,
  POST: async (call) => namespaceAnswer(await createNamespace(call, (await readCreation(call)).title)),
};

async function serve(call: Call): Promise<Answer> {
  const { request, engine, credential } = call;
  const [, account, rest = ''] = collection.exec(pathOf(call.target)) ?? [];
  if (account !== undefined && account !== 'me' && account !== credential.accountId) {
    throw new KvRefusal('insufficient-scope', 10000, 'Authentication error: this is not your account.');
  }
  const place = account === undefined ? undefined : placeAt(rest);
  if (place === undefined) {
    // Nobody without a session learns even that there is nothing here.
    await engine.demandLive(credential);
    throw new HaloError('not-found', 'Could not route to this path: perhaps an identifier is missing.');
  }
  if (place.id !== '' && !isNamespaceId(place.id)) {
    await engine.demandLive(credential);
    throw namespaceNotFound();
  }
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const verb = Object.hasOwn(place.verbs, method) ? place.verbs[method] : undefined;
  if (verb === undefined) {
    const allow = Object.keys(place.verbs).join(', ');
    throw new HaloError('method-not-allowed', `${method} not supported for requested URI.`, {
      extra: { allow },
    });
  }
  return verb(call, place.id, place.key);
}

function placeAt(rest: string): Place | undefined {
  if (rest === '') return { verbs: collectionVerbs, id: '', key: '' };
  const [, memberId, member = ''] = members.exec(rest) ?? [];
  const verbs = memberId === undefined ? undefined : memberVerbs[member];
  if (memberId !== undefined && verbs !== undefined) return { verbs, id: memberId, key: '' };
  const [, id, kind = '', key = ''] = values.exec(rest) ?? [];
  const verbsOfKey = valueVerbs[kind];
  if (id === undefined || verbsOfKey === undefined) return undefined;
  return { verbs: verbsOfKey, id, key: keyIn(key) };
}

const readPageQuery = compileQuery(
  Type.Object({
    page: Type.Optional(Type.Integer({ minimum: 1 })),
    per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    order: Type.Optional(Type.Union([Type.Literal('id'), Type.Literal('title')])),
    direction: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')])),
  }),
);
const pageDefault = 20;

/** A page of the namespaces; behind the last one there are empty pages, where clients stop. */
async function listPage(call: Call): Promise<Answer> {
  const { page = 1, per_page: size = pageDefault, order = 'id', direction } = readPageQuery(call.target);
  const all = (await listNamespaces(call)).sort((one, other) => compare(one[order], other[order]));
  if (direction === 'desc') all.reverse();
  const shown = all.slice((page - 1) * size, page * size).map(namespaceView);
  const info = {
    page,
    per_page: size,
    count: shown.length,
    total_count: all.length,
    total_pages: Math.ceil(all.length / size),
  };
  return resultAnswer(JSON.stringify(shown), { result_info: info });
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function namespaceAnswer(namespace: Namespace): Answer {
  return resultAnswer(JSON.stringify(namespaceView(namespace)));
}

function namespaceView({ id, title }: Namespace): object {
  return { id, title, supports_url_encoding: true };
}

const Title = Type.Object({ title: Type.String(), jurisdiction: Type.Optional(Type.Unknown()) });
const validateTitle = compileValidate(Title);

/** A demand on where data is kept is not one to overlook. */
async function readCreation(call: Call): Promise<{ readonly title: string }> {
  const { title, jurisdiction } = await readRename(call);
  if (jurisdiction === undefined) return { title };
  throw new HaloError(
    'invalid-request',
    'jurisdiction is not known here: data is where Halo’s operator keeps it.',
  );
}

async function readRename({ request, watchBody }: Call) {
  checkEncoding(request.headers['content-encoding']);
  watchBody(request);
  return validateTitle(parseJson(await readBody(request, limits.smallBodyBytesMax)));
}
