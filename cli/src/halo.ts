#!/usr/bin/env node
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
process.exitCode = await runHalo(process.argv.slice(2), {
  environment: process.env,
  input,
  output,
  errors,
  closed: closed.signal,
});
