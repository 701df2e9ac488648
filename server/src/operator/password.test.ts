import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ask, obtainPassword } from './password.js';
import type { Terminal } from './terminal.js';

const password = 'seven quiet herons';

/** A person at a terminal, or a program at a pipe, and what they see. */
function seat({ isTTY }: { readonly isTTY: boolean }) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const seen = { output: '', errors: '' };
  output.on('data', (chunk: Buffer) => {
    seen.output += chunk.toString();
  });
  errors.on('data', (chunk: Buffer) => {
    seen.errors += chunk.toString();
  });
  const terminal: Terminal = { environment: {}, input, output, errors };
  const sees = (text: string) => expect.poll(() => seen.errors).toContain(text);
  return { terminal, input, seen, sees };
}

describe('obtainPassword', () => {
  test('asks twice on a terminal, and shows nothing of what is typed', async () => {
    const { terminal, input, seen, sees } = seat({ isTTY: true });
    const obtained = obtainPassword(terminal, {});
    await sees('New password: ');
    input.write(`${password.slice(0, 3)}`);
    input.write(`x\x7f${password.slice(3)}\r`);
    await sees('The same again: ');
    input.write(`${password}\r`);
    expect(await obtained).toBe(password);
    expect(seen).toEqual({ output: '', errors: 'New password: \nThe same again: \n' });
  });

  test('refuses two that differ, and takes Ctrl-C for an answer', async () => {
    const typing = seat({ isTTY: true });
    const differing = obtainPassword(typing.terminal, {});
    await typing.sees('New password: ');
    typing.input.write('one\r');
    await typing.sees('The same again: ');
    typing.input.write('two\r');
    await expect(differing).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('differ'),
    });
    const leaving = seat({ isTTY: true });
    const left = obtainPassword(leaving.terminal, {});
    await leaving.sees('New password: ');
    leaving.input.write('sev\x03');
    await expect(left).rejects.toMatchObject({ exitCode: 130 });
  });

  test.each([
    [password, password],
    [`${password}\n`, password],
    [`${password}\r\n`, password],
    [`${password}\n\n`, `${password}\n`],
    [` ${password} \n`, ` ${password} `],
    ['\ufeffpass ключ 🗝\n', '\ufeffpass ключ 🗝'],
    ['', ''],
  ])('reads %j from standard input', async (written, read) => {
    const { terminal, input } = seat({ isTTY: false });
    input.end(written);
    expect(await obtainPassword(terminal, { passwordStdin: true })).toBe(read);
  });

  test('refuses a standard input that is no password', async () => {
    for (const content of [Buffer.alloc(5_000, 'x'), Buffer.from([0xff, 0xfe])]) {
      const { terminal, input } = seat({ isTTY: false });
      input.end(content);
      await expect(obtainPassword(terminal, { passwordStdin: true })).rejects.toMatchObject({ exitCode: 1 });
    }
  });

  test('makes up another one each time', async () => {
    const { terminal } = seat({ isTTY: false });
    const made = await Promise.all([1, 2, 3].map(() => obtainPassword(terminal, { generate: true })));
    expect(new Set(made).size).toBe(3);
    for (const one of made) expect(one).toMatch(/^[\w-]{24}$/);
  });

  test('wants to be told how where there is no terminal, and only one way', async () => {
    const { terminal } = seat({ isTTY: false });
    await expect(obtainPassword(terminal, {})).rejects.toMatchObject({ exitCode: 2 });
    const both = obtainPassword(terminal, { generate: true, passwordStdin: true });
    await expect(both).rejects.toMatchObject({ exitCode: 2 });
  });
});

test('ask shows what is typed where it may be seen', async () => {
  const { terminal, input, seen, sees } = seat({ isTTY: true });
  const answer = ask(terminal, 'The name? ', 'shown');
  await sees('The name? ');
  input.write('ada\r');
  expect(await answer).toBe('ada');
  expect(seen.errors).toContain('ada');
});
