import type { Worker } from 'node:cluster';
import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client';

/**
 * With several processes on one port, a scrape reaches any of them and is to tell of all. The one that is asked asks
 * the first process, which asks all of them and puts their answers together.
 */
type Metric = MetricObjectWithValues<MetricValue<string>>;

/** Between a worker and the first process, which also have other things to say to each other. */
type Message =
  | { readonly halo: 'scrape'; readonly id: number }
  | { readonly halo: 'collect'; readonly id: number }
  | { readonly halo: 'collected'; readonly id: number; readonly metrics: Metric[] }
  | { readonly halo: 'scraped'; readonly id: number; readonly text: string };

/** A worker that does not answer in this time is left out. Longer than asking PostgreSQL whether it is ready takes. */
const collectMsMax = 4_000;
/** The first process answers sooner, unless it is gone. */
const scrapeMsMax = 6_000;

/** In a worker. @returns the metrics of all workers as text; rejects when the first process does not answer */
export function scrapeThroughFirst(own: Registry): () => Promise<string> {
  const scrapes = new Map<number, (text: string) => void>();
  let scrapesMade = 0;
  process.on('message', (message: Message) => {
    if (message.halo === 'scraped') scrapes.get(message.id)?.(message.text);
    if (message.halo !== 'collect') return;
    void own.getMetricsAsJSON().then((metrics) => {
      send({ halo: 'collected', id: message.id, metrics });
    });
  });
  return () => {
    scrapesMade += 1;
    const id = scrapesMade;
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The first process does not answer.')), scrapeMsMax);
      scrapes.set(id, (text) => {
        clearTimeout(timer);
        resolve(text);
      });
      send({ halo: 'scrape', id });
    }).finally(() => scrapes.delete(id));
  };
}

/** In the first process. @returns what has to be called with each worker that serves */
export function answerScrapes(): (worker: Worker) => void {
  const workers = new Set<Worker>();
  const collections = new Map<number, (worker: Worker, metrics: Metric[]) => void>();
  let collectionsMade = 0;

  /** The answers of all that answer in time. */
  function collect(): Promise<Metric[][]> {
    collectionsMade += 1;
    const id = collectionsMade;
    const asked = new Set([...workers].filter((worker) => worker.isConnected()));
    const answers: Metric[][] = [];
    return new Promise<Metric[][]>((resolve) => {
      const timer = setTimeout(() => resolve(answers), collectMsMax);
      collections.set(id, (worker, metrics) => {
        if (asked.delete(worker)) answers.push(metrics);
        if (asked.size > 0) return;
        clearTimeout(timer);
        resolve(answers);
      });
      for (const worker of asked) worker.send({ halo: 'collect', id } satisfies Message);
    }).finally(() => collections.delete(id));
  }

  return (worker) => {
    workers.add(worker);
    worker.once('exit', () => workers.delete(worker));
    worker.on('message', (message: Message) => {
      if (message.halo === 'collected') collections.get(message.id)?.(worker, message.metrics);
      if (message.halo !== 'scrape') return;
      void collect()
        .then((answers) => aggregate(answers))
        .then((text) => {
          if (worker.isConnected()) worker.send({ halo: 'scraped', id: message.id, text } satisfies Message);
        });
    });
  };
}

/** Sums, unless a metric asks for something else; of how late the event loops are, the worst. */
function aggregate(answers: readonly Metric[][]): Promise<string> {
  const wanted = answers.map((metrics) =>
    metrics.map((metric) => ({ ...metric, aggregator: aggregatorOf(metric) })),
  );
  return AggregatorRegistry.aggregate(wanted).metrics();
}

function aggregatorOf({ name, aggregator }: Metric): string {
  if (name.startsWith('nodejs_eventloop_lag')) return 'max';
  return name === 'process_start_time_seconds' ? 'min' : (aggregator ?? 'sum');
}

function send(message: Message): void {
  process.send?.(message);
}
