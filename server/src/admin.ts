import { runAdmin } from './operator/run.js';

/** The process of the operator's commands. */
const { stdin: input, stdout: output, stderr: errors } = process;
// Whoever reads only the first lines of a list closes the pipe. The command still ends what it began.
output.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await runAdmin(process.argv.slice(2), { environment: process.env, input, output, errors });
