#!/usr/bin/env node
import { exitCodes } from './failure.js';
import { runHalo } from './run.js';
import { OutputClosed } from './terminal.js';

/** The process of the command `halo`. */
const { stdin: input, stdout: output, stderr: errors } = process;
const closed = new AbortController();
// Whoever reads only the first lines closes the pipe: what only prints ends then, what changes something goes on.
output.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  closed.abort(new OutputClosed());
});
errors.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const code = await runHalo(process.argv.slice(2), {
  environment: process.env,
  input,
  output,
  errors,
  closed: closed.signal,
});
process.exitCode = code;
if (code === exitCodes.interrupted) {
  // Whoever still writes into our standard input would keep the process waiting for the rest.
  await Promise.all([output, errors].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit();
}
