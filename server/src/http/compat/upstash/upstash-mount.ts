import type { IncomingMessage } from 'node:http';
import { limits } from 'halo-contract';
import type { Engine } from '../../../engine/engine.js';
import { HaloError } from '../../../errors.js';
import { readBody } from '../../body.js';
import { checkEncoding } from '../../json.js';
import type { Answer, Call, Mount } from '../mount.js';
import { errorJson, outcomeJson, outcomesJson, statusOf, wordsOf } from './answers.js';
import { CommandError } from './command.js';
import { parseCommand } from './parse.js';
import { parseTransaction, runPipeline } from './pipeline.js';
import { encodingOf, readRequest, refuseTokenInUrl, upstashPath } from './request.js';
import { createRunner, type Runner } from './run.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT'];
const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' } as const;

/** The REST protocol of Upstash's Redis, a translation over the engine. Every answer is in its shape. */
export function createUpstashMount(engine: Engine): Mount {
  const runner = createRunner(engine);
  return {
    path: upstashPath,
    admit: ({ url = '' }) => inItsWords(() => refuseTokenInUrl(url)),
    serve: (call) => serve(runner, call),
    refusal,
  };
}

async function serve(runner: Runner, call: Call): Promise<Answer> {
  const { method = '' } = call.request;
  if (!methods.includes(method)) {
    throw new HaloError('method-not-allowed', `Only ${methods.join(', ')} are possible here.`);
  }
  checkEncoding(call.request.headers['content-encoding']);
  call.watchBody(call.request);
  const body = hasBody(call.request) ? await readBody(call.request, limits.bodyBytesMax) : undefined;
  try {
    return { status: 200, headers, body: await run(runner, call, body) };
  } catch (error) {
    if (error instanceof CommandError) return commandRefusal(error);
    throw error;
  }
}

async function run(runner: Runner, call: Call, body: Buffer | undefined): Promise<string> {
  const { engine, request, credential } = call;
  const encoding = encodingOf(request.headers);
  const asked = readRequest(request.method ?? '', request.url ?? '', body);
  if (asked.kind === 'one') {
    return outcomeJson(await runner.one(credential, parseCommand(asked.args)), encoding);
  }
  // Commands that are wrong, or need no key, would otherwise be answered to anybody who asks in this form.
  await engine.demandLive(credential);
  return outcomesJson(
    asked.kind === 'pipeline'
      ? await runPipeline(runner, credential, asked.commands)
      : await runner.together(credential, parseTransaction(asked.commands)),
    encoding,
  );
}

function hasBody({ headers: sent }: IncomingMessage): boolean {
  return sent['content-length'] !== undefined || sent['transfer-encoding'] !== undefined;
}

function refusal(error: HaloError): Answer {
  const allow = error.code === 'method-not-allowed' ? { allow: methods.join(', ') } : {};
  return { status: statusOf(error.code), headers: { ...headers, ...allow }, body: errorJson(wordsOf(error)) };
}

function commandRefusal({ message }: CommandError): Answer {
  return { status: 400, headers, body: errorJson(message) };
}

function inItsWords(check: () => void): Answer | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return commandRefusal(error);
    throw error;
  }
}
