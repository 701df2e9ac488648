import { describe, expect, it } from 'vitest';
import type { Measurement, Subject } from './measurement.js';
import { renderPlot } from './plot.js';

function measured(subject: Subject, perSecond: number): Measurement {
  const latencies = { p50Ms: 1, p99Ms: 2, maxMs: 3 };
  return {
    subject,
    round: 1,
    connections: 64,
    operations: perSecond,
    seconds: 1,
    ...latencies,
    errors: 0,
    cpu: undefined,
  };
}

describe('the plot', () => {
  const plot = renderPlot([measured('fastify', 1_000), measured('get', 500), measured('get', 700)]);
  const widthOf = (kind: string) => Number(new RegExp(`class="${kind}".*width="([\\d.]+)"`).exec(plot)?.[1]);

  it('draws medians to scale, with their figures', () => {
    expect(widthOf('halo') / widthOf('other')).toBeCloseTo(0.6, 2);
    expect(plot).toContain('>Halo GET (64)<');
    expect(plot).toContain('>600<');
    expect(plot).toContain('>1,000<');
  });

  it('leaves out what was not measured', () => {
    expect(plot).not.toContain('webdis');
    expect(plot).not.toContain('PUT');
  });

  it('follows the scheme of its reader', () => {
    expect(plot).toContain('prefers-color-scheme: dark');
  });
});
