import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError, exitCodes } from './command-error.js';
import type { Terminal } from './terminal.js';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly generate?: boolean;
}

/** 144 bits, in 24 characters that need no escaping anywhere. */
const generatedBytes = 18;

/** Far more than a password may have; it is then refused for its length. */
const inputBytesMax = 4_096;

/**
 * Gets the password of an account: makes one up, reads it from standard input, or asks for it twice without showing
 * it. It is never an argument, which everybody on the machine could read.
 */
export async function obtainPassword(
  terminal: Terminal,
  { passwordStdin = false, generate = false }: PasswordOptions,
): Promise<string> {
  if (passwordStdin && generate)
    throw new CommandError('Use either --password-stdin or --generate, not both.', exitCodes.usage);
  if (generate) return randomBytes(generatedBytes).toString('base64url');
  if (passwordStdin) return readPassword(terminal);
  if (terminal.input.isTTY !== true) {
    throw new CommandError(
      'There is no terminal to ask for the password on: use --password-stdin or --generate.',
      exitCodes.usage,
    );
  }
  const password = await ask(terminal, 'New password: ', 'hidden');
  if ((await ask(terminal, 'The same again: ', 'hidden')) !== password)
    throw new CommandError('The two passwords differ; nothing was changed.');
  return password;
}

/** Asks on the terminal, of which the questions go to standard error: standard output is for results. */
export async function ask(
  { input, errors }: Terminal,
  question: string,
  echo: 'shown' | 'hidden',
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input,
    output: echo === 'shown' ? errors : nowhere,
    terminal: true,
    historySize: 0,
    // Correcting what was typed draws the line anew, the question included.
    prompt: question,
  });
  if (echo === 'hidden') errors.write(question);
  else lines.prompt();
  let isAnswered = false;
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', (line) => {
        isAnswered = true;
        resolve(line);
      });
      // Ctrl-C, or Ctrl-D before anything was typed.
      lines.once('close', () => reject(new CommandError('Nothing was changed.', exitCodes.interrupted)));
    });
  } finally {
    lines.close();
    // The line feed that was typed is shown with the answer.
    if (echo === 'hidden' || !isAnswered) errors.write('\n');
  }
}

/** The whole of standard input, without the line feed that most programs end it with. */
async function readPassword({ input }: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > inputBytesMax)
      throw new CommandError(`Standard input has more than ${inputBytesMax} bytes, which is no password.`);
    chunks.push(part);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
    return text.replace(/\r?\n$/, '');
  } catch {
    throw new CommandError('Standard input is not UTF-8.');
  }
}
