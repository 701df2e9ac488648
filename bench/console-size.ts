import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consoleSizeTitle, putSection } from './result-section.js';

/** What a person waits for before the tree shows: code, styles and fonts, as gzip has them. */
const firstLoadGzipBytesMax = 300_000;

const dist = join(import.meta.dirname, '../../console/dist');
const output = join(import.meta.dirname, '../RESULTS.md');
const keysScreen = 'src/features/keys/keys-screen.tsx';

/** As Vite writes it: https://vite.dev/guide/backend-integration */
type Manifest = Record<string, Chunk>;

interface Chunk {
  readonly file: string;
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
  readonly imports?: readonly string[];
  readonly isDynamicEntry?: boolean;
}

/** Bytes over the wire, in each form that the server sends. */
interface Size {
  readonly raw: number;
  readonly gzip: number;
  readonly br: number;
}

const manifest: Manifest = JSON.parse(await readFile(join(dist, '.vite/manifest.json'), 'utf8'));
const first = filesOf(['index.html', keysScreen]);
const whole = [...first, ...fontsOf(), 'index.html', 'scheme.js', 'favicon.svg'];
const total = await sizeOf(whole);
const section = `Written by \`npm run bench:console\`. Bytes of the built console as the server sends them. The goal is that
what is loaded until the tree of keys shows, fonts included, takes at most ${count(firstLoadGzipBytesMax)} bytes with gzip.
Everything else comes later; of each part there is what it adds to the first load when nothing else was loaded.

| | raw | gzip | Brotli |
| --- | --: | --: | --: |
${(await rows()).join('\n')}
`;

await writeFile(output, putSection(await readFile(output, 'utf8'), consoleSizeTitle, section));
console.log(section);
if (total.gzip > firstLoadGzipBytesMax) {
  console.error(`The first load takes ${total.gzip} bytes, above ${firstLoadGzipBytesMax}.`);
  process.exitCode = 1;
}

async function rows(): Promise<string[]> {
  const parts = Object.keys(manifest).filter((name) => manifest[name]?.isDynamicEntry && name !== keysScreen);
  const later = await Promise.all(
    parts.map(async (name) => {
      const size = await sizeOf(filesOf([name]).filter((file) => !first.includes(file)));
      return { name: name.replace(/^src\/|\.tsx?$/g, ''), size };
    }),
  );
  const kinds = [
    ['first load: scripts', whole.filter((file) => file.endsWith('.js'))],
    ['first load: styles', whole.filter((file) => file.endsWith('.css'))],
    ['first load: fonts (Latin)', whole.filter((file) => file.endsWith('.woff2'))],
    ['first load: page and icon', whole.filter((file) => /\.(?:html|svg)$/.test(file))],
  ] as const;
  return [
    ...(await Promise.all(kinds.map(async ([title, files]) => row(title, await sizeOf(files))))),
    row('**first load**', total),
    ...later.sort((a, b) => b.size.gzip - a.size.gzip).map(({ name, size }) => row(`\`${name}\``, size)),
  ];
}

function row(title: string, { raw, gzip, br }: Size): string {
  return `| ${[title, count(raw), count(gzip), count(br)].join(' | ')} |`;
}

/** Returns the files that chunks need before they can run: their own, and those of all they import at once. */
function filesOf(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const imported of chunkOf(name).imports ?? []) visit(imported);
  };
  names.forEach(visit);
  return [...new Set([...seen].map(chunkOf).flatMap(({ file, css }) => [file, ...(css ?? [])]))];
}

/** Of the two families, the files for Latin text; the browser fetches others only for text that needs them. */
function fontsOf(): string[] {
  const fonts = (chunkOf('index.html').assets ?? []).filter((file) =>
    /geist(?:-mono)?-latin-wght/.test(file),
  );
  if (fonts.length !== 2) throw new Error(`The build has ${fonts.length} Latin fonts instead of 2.`);
  return fonts;
}

function chunkOf(name: string): Chunk {
  const chunk = manifest[name];
  if (chunk === undefined) throw new Error(`The manifest of the console has no ${name}.`);
  return chunk;
}

async function sizeOf(files: readonly string[]): Promise<Size> {
  const size = { raw: 0, gzip: 0, br: 0 };
  for (const file of files) {
    size.raw += await bytesOf(file);
    size.gzip += await bytesOf(file, '.gz');
    size.br += await bytesOf(file, '.br');
  }
  return size;
}

/** Where the build has no compressed file, the server sends it as it is. */
async function bytesOf(file: string, extension = ''): Promise<number> {
  const path = join(dist, file);
  return (await stat(existsSync(path + extension) ? path + extension : path)).size;
}

function count(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
