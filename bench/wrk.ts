import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.js';
import { answerSecondsMax, type Outcome, type Pressure, type Workload } from './workload.js';

/**
 * One thread sends more than any server here answers, and can never take more than one core from it. A
 * second would only add to the contention on small machines.
 */
const threads = 1;

/** Runs wrk with a script made for the workload. */
export async function runWrk(workload: Workload, pressure: Pressure): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'halo-bench-wrk-'));
  try {
    const script = join(directory, 'workload.lua');
    await writeFile(script, wrkScript(workload));
    const output = await runCommand(
      'wrk',
      [
        ...['--threads', String(threads)],
        ...['--connections', String(pressure.connections)],
        ...['--duration', `${pressure.seconds}s`],
        ...['--timeout', `${answerSecondsMax}s`],
        ...['--script', script],
        workload.origin,
      ],
      { signal: pressure.signal },
    );
    return parseWrkOutput(output);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * The request is put together by hand: `wrk.format` joins all headers anew for each request, which costs the
 * generator more than sending them. Totals are printed as one line, for wrk's own summary rounds them.
 */
export function wrkScript(workload: Workload): string {
  return `${requestScript(workload)}
function done(summary, latency)
  local e = summary.errors
  print(string.format('totals requests=%d us=%d p50_us=%d p99_us=%d max_us=%d errors=%d',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

function requestScript({ between, ...workload }: Workload): string {
  const seeded = 'function init() math.randomseed(os.time()) end';
  const main = `local main = ${requestFunction(workload)}\n${seeded}`;
  if (between === undefined) return `${main}\nrequest = main`;
  return `${main}
local between, count = ${requestFunction(between.workload)}, 0
function request()
  count = (count + 1) % ${between.nth}
  if count == 0 then return between() end
  return main()
end`;
}

/** An expression in Lua, for a function that answers the bytes of the next request. */
function requestFunction({ origin, method, path, keys, headers, authorizations, body }: Workload): string {
  const lines = [`Host: ${new URL(origin).host}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  const before = luaString(`${method} ${path}`);
  const afterOf = (more: readonly string[]) =>
    luaString(` HTTP/1.1\r\n${[...lines, ...more].join('\r\n')}\r\n\r\n${body ?? ''}`);
  const made = (locals: string, answered: string) => `(function()
  ${locals}
  return function() ${answered} end
end)()`;
  if (keys === 0) return made(`local whole = ${before} .. ${afterOf([])}`, 'return whole');
  const key = `before .. math.random(0, ${keys - 1})`;
  if (authorizations === undefined)
    return made(`local before, after = ${before}, ${afterOf([])}`, `return ${key} .. after`);
  const afters = authorizations.map((text) => afterOf([`Authorization: ${text}`])).join(',\n');
  return made(
    `local before, turn, afters = ${before}, 0, { ${afters} }`,
    `turn = turn % #afters + 1; return ${key} .. afters[turn]`,
  );
}

/**
 * Reads the line that the script above prints.
 *
 * @throws Error when it is missing or when nothing was answered: that is never a result
 */
export function parseWrkOutput(output: string): Outcome {
  const totals = /^totals requests=(\d+) us=(\d+) p50_us=(\d+) p99_us=(\d+) max_us=(\d+) errors=(\d+)$/m.exec(
    output,
  );
  if (totals === null) throw new Error(`wrk printed no totals: ${output}`);
  const [requests = 0, us = 0, p50Us = 0, p99Us = 0, maxUs = 0, errors = 0] = totals.slice(1).map(Number);
  if (requests === 0) throw new Error('wrk got no answer at all.');
  return {
    operations: requests,
    seconds: us / 1e6,
    p50Ms: p50Us / 1e3,
    p99Ms: p99Us / 1e3,
    maxMs: maxUs / 1e3,
    errors,
  };
}

/** JSON's escapes for ASCII are Lua's, too. */
function luaString(text: string): string {
  return JSON.stringify(text);
}
