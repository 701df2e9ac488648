import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { setValueCommand, tokenCommand } from './curl-commands.js';

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test('both commands work when pasted one after the other, with any password', async () => {
  const password = 'a "quoted" \\ phrase $HOME \'%s\' ü';
  const seen: { url: string | undefined; authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const { url, headers } = request;
    seen.push({ url, authorization: headers.authorization, body: await readAll(request) });
    response.end('{"account":{"name":"ada"},"access_token":"abc.def-_","token_type":"Bearer"}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const script = `${tokenCommand(origin, 'ada')}\n${setValueCommand(origin)}`;
  const run = promisify(execFile)('bash', ['-c', script]);
  run.child.stdin?.end(`${password}\n`);
  await run;
  server.close();

  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ name: 'ada', password });
  expect(seen[1]).toEqual({
    url: '/v1/keys/hello',
    authorization: 'Bearer abc.def-_',
    body: '{"hello":"world"}',
  });
});
