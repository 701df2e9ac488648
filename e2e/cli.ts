import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { neutralEnvironment } from './halo-server.js';
import { until } from './until.js';

/** What a command did. */
export interface HaloRun {
  readonly code: number | null;
  readonly output: Buffer;
  readonly text: string;
  readonly errors: string;
}

export interface HaloProcess {
  readonly child: ChildProcess;
  output(): Buffer;
  errors(): string;
  ended(): Promise<HaloRun>;
}

export interface HaloParts {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
}

/** A person's command line, with a home of its own. */
export interface CommandLine {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command until it has ended. */
  halo(words: readonly string[], parts?: HaloParts): Promise<HaloRun>;
  /** Starts a command that goes on; its standard input stays open. */
  start(words: readonly string[], parts?: HaloParts): HaloProcess;
  remove(): Promise<void>;
}

export const haloProgram = fileURLToPath(new URL('../cli/dist/halo.js', import.meta.url));

const commandMsMax = 60_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function openCommandLine(settings: Readonly<Record<string, string>> = {}): Promise<CommandLine> {
  const home = await mkdtemp(join(tmpdir(), 'halo-cli-'));
  const env = { ...neutralEnvironment(), XDG_CONFIG_HOME: join(home, 'config'), ...settings };
  const start: CommandLine['start'] = (words, parts = {}) => {
    const child = spawn(process.execPath, [haloProgram, ...words], {
      env: { ...env, ...parts.env },
      cwd: parts.cwd ?? home,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    let [errors, isClosed] = ['', false];
    running.add(child);
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    child.once('close', () => {
      running.delete(child);
      isClosed = true;
    });
    // A command that does not read its input may end before it is written.
    child.stdin.on('error', () => {});
    return {
      child,
      output: () => Buffer.concat(output),
      errors: () => errors,
      ended: async () => {
        try {
          await until(`The end of "halo ${words.join(' ')}"`, () => isClosed, commandMsMax);
        } finally {
          child.kill('SIGKILL');
        }
        const bytes = Buffer.concat(output);
        return { code: child.exitCode, output: bytes, text: bytes.toString(), errors };
      },
    };
  };
  return {
    home,
    env,
    start,
    halo: async (words, parts = {}) => {
      const run = start(words, parts);
      run.child.stdin?.end(parts.input ?? '');
      return run.ended();
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
