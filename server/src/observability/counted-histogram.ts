import type { Histogram, MetricObjectWithValues, MetricValueWithName, Registry } from 'prom-client';

/**
 * A histogram for what happens a hundred thousand times a second: counting is a few additions in typed arrays, without
 * an allocation or a look at labels. prom-client's own `observe` makes objects and hashes labels; here it only reads
 * out. Series are named once, each by its labels, and from then on counted by their number.
 */
export interface CountedHistogram {
  /** @returns the number to count by; to be asked for once for the same labels */
  name(labels: Labels): number;
  /** Counts a value in the histogram's unit. */
  count(series: number, value: number): void;
}

type Labels = Readonly<Record<string, string>>;

export interface CountedHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Rising, in the unit that the name ends with. */
  readonly bounds: readonly number[];
  readonly registry: Registry;
}

/** The arrays double when more are named. */
const seriesAtFirst = 16;

export function createCountedHistogram(options: CountedHistogramOptions): CountedHistogram {
  const { name, help, registry } = options;
  const bounds = Float64Array.from(options.bounds);
  /** One more for what lies above the last bound. */
  const width = bounds.length + 1;
  const named: Labels[] = [];
  // Doubles count exactly up to 2⁵³; 32-bit integers would overflow within a day.
  let buckets = new Float64Array(seriesAtFirst * width);
  let sums = new Float64Array(seriesAtFirst);

  function samplesOf(labels: Labels, series: number): MetricValueWithName<string>[] {
    const samples: MetricValueWithName<string>[] = [];
    let total = 0;
    for (let bucket = 0; bucket < width; bucket += 1) {
      total += buckets[series * width + bucket] ?? 0;
      samples.push({
        metricName: `${name}_bucket`,
        labels: { ...labels, le: bounds[bucket] ?? '+Inf' },
        value: total,
      });
    }
    if (total === 0) return [];
    samples.push({ metricName: `${name}_sum`, labels, value: sums[series] ?? 0 });
    samples.push({ metricName: `${name}_count`, labels, value: total });
    return samples;
  }

  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: named.flatMap(samplesOf) }),
  } as unknown as MetricObjectWithValues<MetricValueWithName<string>>;
  // A registry asks its metrics for nothing but these.
  registry.registerMetric(metric as unknown as Histogram);

  return {
    name: (labels) => {
      if (named.length === sums.length) {
        buckets = doubled(buckets);
        sums = doubled(sums);
      }
      return named.push(labels) - 1;
    },
    count: (series, value) => {
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
      const place = series * width + bucket;
      buckets[place] = (buckets[place] as number) + 1;
      sums[series] = (sums[series] as number) + value;
    },
  };
}

function doubled(counts: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(counts.length * 2);
  larger.set(counts);
  return larger;
}
