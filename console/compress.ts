import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** Fonts are compressed in themselves. */
const textFile = /\.(?:css|html|js|svg)$/;

/** The highest takes twice as long, for two bytes in a hundred. */
const brotliQuality = 10;

/** Below this an answer fits one packet either way. */
const bytesMin = 1_024;

/** Writes beside each text file of the build what the server sends of it: `.br`, and `.gz` for who cannot read that. */
export function compress(): Plugin {
  let directory = '';
  return {
    name: 'halo-compress',
    apply: 'build',
    configResolved: ({ root, build }) => {
      directory = join(root, build.outDir);
    },
    // At the very end, when the files of `public` are in their place, too.
    closeBundle: async () => {
      const found = await readdir(directory, { recursive: true });
      await Promise.all(
        found.filter((file) => textFile.test(file)).map((file) => both(join(directory, file))),
      );
    },
  };
}

async function both(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < bytesMin) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: brotliQuality };
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((bytes) => writeFile(`${file}.br`, bytes)),
    promisify(gzip)(content, { level: 9 }).then((bytes) => writeFile(`${file}.gz`, bytes)),
  ]);
}
