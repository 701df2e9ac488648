/**
 * What Citus refuses, as rules over the text of statements, for tests: the tables are distributed by account, and
 * there is no Citus where tests run. What such rules cannot show: whether Citus plans a statement as it is hoped to,
 * what that costs, which node's clock is read, and anything about how several nodes fail together.
 */

/** Distributed by `account_id`, all together. Of the others, `accounts` is a reference table. */
export const distributed = [
  'stores',
  'sessions',
  'versions',
  'entries',
  'trash',
  'answers',
  'audit_chains',
  'audit_events',
  'usage_days',
  'erasures',
] as const;

/** A statement of one account goes to one shard, where all SQL works; one that spans accounts goes to all shards. */
export type Reach = 'one account' | 'all accounts';

export interface Rule {
  readonly name: string;
  readonly reach: readonly Reach[];
  /** Whether a statement, as `plain` makes it, breaks the rule. */
  readonly breaks: (text: string) => boolean;
  /** A statement that does. */
  readonly example: string;
}

const both: readonly Reach[] = ['one account', 'all accounts'];
const volatile =
  /\b(clock_timestamp|statement_timestamp|timeofday|random|gen_random_uuid|nextval|pg_\w*advisory\w*)\(/;
const mutable = /\b(now|current_\w+|clock_timestamp|random|gen_random_uuid|nextval|timezone)\b/;
const changes = /^(insert|update|delete)\b/;

export const rules: readonly Rule[] = [
  {
    name: 'holds every distributed table to the account by a plain comparison',
    reach: ['one account'],
    breaks: (text) => !isHeldToAccount(text),
    example: 'select * from sessions s join stores t on t.account_id = s.account_id where s.account_id = $1',
  },
  {
    name: 'means the same account everywhere',
    reach: ['one account'],
    breaks: (text) =>
      new Set(text.match(/account_id = \$\d+/g)?.map((pin) => pin.replace(/.*\$/, ''))).size > 1,
    example:
      'delete from trash where account_id = $1 and exists (select from entries e where e.account_id = $2)',
  },
  {
    name: 'has no array of accounts',
    reach: ['one account'],
    breaks: (text) => /account_id = any\(/.test(text) || /(?<!\binto \w+) as \w+ ?\(account_id\b/.test(text),
    example: 'select * from stores where account_id = any($1::bigint[])',
  },
  {
    name: 'locks rows of one account only',
    reach: ['all accounts'],
    breaks: (text) => /\bfor (no key )?(update|share)\b|\bfor key share\b/.test(text),
    example: 'select account_id from stores where account_id = any($1) order by account_id for no key update',
  },
  {
    name: 'walks chains and loose indexes within one account only',
    reach: ['all accounts'],
    breaks: (text) => /\bwith recursive\b|\blateral\b/.test(text),
    example: 'with recursive link as (select 1 union all select 2 from link) select * from link',
  },
  {
    name: 'joins outer tables within one account only',
    reach: ['all accounts'],
    breaks: (text) => /\b(left|right|full) (outer )?join\b/.test(text),
    example:
      'select * from unnest($1::bigint[]) with ordinality as k (id, n) left join stores s on s.account_id = k.id',
  },
  {
    name: 'points at rows within one account only',
    reach: ['all accounts'],
    breaks: (text) => /\bctid\b/.test(text),
    example: 'delete from answers where ctid = any(array(select ctid from answers limit 5))',
  },
  {
    name: 'changes rows by no clock that moves, and by no chance',
    reach: both,
    breaks: (text) => changes.test(text) && volatile.test(text),
    example: 'update stores set seen = clock_timestamp() where account_id = $1',
  },
  {
    name: 'returns from a change what was stored, and no clock',
    reach: both,
    breaks: (text) => mutable.test(/\breturning (.*)$/.exec(text)?.[1] ?? ''),
    example: 'delete from sessions where account_id = $1 returning expires_at > now()',
  },
  {
    name: 'settles conflicts without a clock',
    reach: both,
    breaks: (text) => mutable.test(/\bdo update set (.*)$/.exec(text)?.[1] ?? ''),
    example:
      'insert into trash (account_id, at) values ($1, $2) on conflict (account_id) do update set at = now()',
  },
  {
    name: 'knows conflicts by the account',
    reach: both,
    breaks: (text) => /\bon conflict (?!\( ?account_id\b)/.test(text),
    example: 'insert into trash (account_id, key) values ($1, $2) on conflict (key) do nothing',
  },
  {
    name: 'changes nothing within a with',
    reach: both,
    breaks: (text) => /\bas (not )?(materialized )?\( ?(insert|update|delete)\b/.test(text),
    example: 'with gone as (delete from trash where account_id = $1 returning key) select * from gone',
  },
  {
    name: 'changes rows by no function in from',
    reach: both,
    breaks: (text) => /^(update|delete)\b.*\b(from|using) unnest/.test(outermost(text)),
    example:
      'delete from trash t using unnest($2::text[]) as k (key) where t.account_id = $1 and t.key = k.key',
  },
  {
    name: 'inserts for one account at a time',
    reach: both,
    breaks: (text) => /^insert\b/.test(text) && distributedIn(text).length > 0 && !insertsForOne(text),
    example: 'insert into trash (account_id, key) select * from unnest($1::bigint[], $2::text[])',
  },
  {
    name: 'is no merge',
    reach: both,
    breaks: (text) => /^merge\b/.test(text),
    example: 'merge into trash using entries on true',
  },
];

/** The names of the rules that a statement breaks. */
export function faultsOf(statement: string, reach: Reach): string[] {
  const text = plain(statement);
  return rules.filter((rule) => rule.reach.includes(reach) && rule.breaks(text)).map(({ name }) => name);
}

/** Whether a statement names a table that is distributed. */
export function isDistributed(statement: string): boolean {
  return distributedIn(plain(statement)).length > 0;
}

/** Lower case, one space where there are any, no quotes. */
export function plain(statement: string): string {
  return statement.toLowerCase().replaceAll('"', '').replaceAll(/\s+/g, ' ').trim();
}

const table = `(?:from|join|into|update|using) (${distributed.join('|')})\\b(?: (?:as )?(?!(?:${[
  'where on set order for left right full inner cross join using group limit returning values union offset',
]
  .join()
  .replaceAll(' ', '|')})\\b)([a-z_]\\w*))?`;

function distributedIn(
  text: string,
): { readonly name: string; readonly alias: string; readonly isInto: boolean }[] {
  return [...text.matchAll(new RegExp(`\\b${table}`, 'g'))].map(([whole, name = '', alias = '']) => ({
    name,
    alias,
    isInto: whole.startsWith('into'),
  }));
}

/** Each mention of a table needs a comparison of its own: a name may stand for several, in several subqueries. */
function isHeldToAccount(text: string): boolean {
  const pins = [...text.matchAll(/(?:(\w+)\.)?account_id = \$\d+/g)].map(([, owner = '']) => owner);
  return distributedIn(text)
    .filter(({ isInto }) => !isInto)
    .every(({ name, alias }, _index, all) => {
      const owner = alias === '' ? name : alias;
      const mentions = all.filter((one) => (one.alias === '' ? one.name : one.alias) === owner).length;
      const own = pins.filter((pin) => pin === owner).length;
      // Without a name before it, a column is one of the only table in its part of the statement.
      const unnamed = pins.filter((pin) => pin === '').length;
      const unnamedMentions = all.filter((one) => one.alias === '').length;
      return own >= mentions || (alias === '' && own + unnamed >= unnamedMentions);
    });
}

function insertsForOne(text: string): boolean {
  return /^insert into \w+( as \w+)? ?\( ?account_id\b[^)]*\) (values ?\( ?\$\d|select \$\d)/.test(text);
}

/** What stands in no parentheses. */
function outermost(text: string): string {
  let depth = 0;
  let kept = '';
  for (const character of text) {
    if (character === ')') depth -= 1;
    if (depth === 0) kept += character;
    if (character === '(') depth += 1;
  }
  return kept;
}
