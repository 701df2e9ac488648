import { readFile } from 'node:fs/promises';

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly steps: readonly Step[];
}

export interface Step {
  /** Such as COPY. */
  readonly verb: string;
  readonly words: string;
}

/** Reads what our Dockerfile uses of the format: comments, continued lines, one step a line, named stages. */
export async function readDockerfile(file: URL): Promise<Stage[]> {
  const lines = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'));
  const stages: { name: string; image: string; steps: Step[] }[] = [];
  for (const line of lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')) {
    const [, verb = '', words = ''] = /^([A-Z]+) (.+)$/.exec(line.trim()) ?? [];
    if (verb === 'FROM') {
      const [image = '', , name = 'final'] = words.split(' ');
      stages.push({ name, image, steps: [] });
    } else if (verb !== '') stages.at(-1)?.steps.push({ verb, words });
    else if (line.trim() !== '') throw new Error(`"${line}" is no step.`);
  }
  return stages;
}

export interface Copy {
  /** Undefined: the folder that the image is built from. */
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf({ steps }: Stage): Copy[] {
  return steps
    .filter(({ verb }) => verb === 'COPY')
    .map(({ words }) => {
      const all = words.split(' ');
      const stage = /^--from=(.+)$/.exec(all[0] ?? '')?.[1];
      const paths = stage === undefined ? all : all.slice(1);
      return { stage, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
    });
}
