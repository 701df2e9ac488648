import { count } from './figures.js';
import { type Measurement, type Subject, subjects } from './measurement.js';
import { perSecond, spread } from './ratios.js';

/** Beside the page of results. */
export const plotFile = 'results.svg';

interface Group {
  readonly title: string;
  readonly subjects: readonly Subject[];
}

/** Fastest kind of server first, Halo among them. */
const groups: readonly Group[] = [
  { title: 'GET, requests a second', subjects: ['http', 'fastify', 'pgbenchGet', 'get', 'webdisGet'] },
  { title: 'PUT, requests a second', subjects: ['pgbenchUpsert', 'putWide', 'put', 'webdisSet'] },
];

/** In pixels, of a drawing as wide as a page of text. */
const width = 760;
const labelWidth = 240;
const figureWidth = 80;
const barHeight = 18;
const barStep = 26;
const titleStep = 34;

/** Draws medians of requests a second as bars. An SVG whose colours follow the reader's scheme. */
export function renderPlot(measurements: readonly Measurement[]): string {
  let y = 0;
  const parts: string[] = [];
  for (const group of groups) {
    const bars = group.subjects.flatMap((subject) => barOf(subject, measurements));
    if (bars.length === 0) continue;
    const most = Math.max(...bars.map(({ rate }) => rate));
    parts.push(text(0, y + 22, group.title, 'title'));
    y += titleStep;
    for (const { label, rate, isHalo } of bars) {
      const length = Math.max(1, ((width - labelWidth - figureWidth) * rate) / most);
      const kind = isHalo ? 'halo' : 'other';
      parts.push(
        text(0, y + 14, label, 'label'),
        `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
        text(labelWidth + length + 8, y + 14, count(rate), 'label'),
      );
      y += barStep;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 4}" width="${width}" height="${y + 4}" role="img" aria-label="Requests a second of each subject">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .halo { fill: #2563c9 }
  .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .halo { fill: #6aa6ff }
    .other { fill: #6e7681 }
  }
</style>
${parts.join('\n')}
</svg>
`;
}

function barOf(subject: Subject, measurements: readonly Measurement[]) {
  const own = measurements.filter((measured) => measured.subject === subject);
  const [first] = own;
  if (first === undefined) return [];
  const label = `${subjects[subject]} (${first.connections})`;
  return [{ label, rate: spread(own.map(perSecond)).median, isHalo: /^Halo/.test(label) }];
}

function text(x: number, y: number, words: string, kind: string): string {
  return `<text class="${kind}" x="${x.toFixed(0)}" y="${y}">${words}</text>`;
}
