import autocannon from 'autocannon';
import { answerSecondsMax, type Outcome, type Pressure, type Workload } from './workload.js';

/** Runs autocannon inside this process, which has nothing else to do meanwhile. */
export function runAutocannon(workload: Workload, pressure: Pressure): Promise<Outcome> {
  const { origin, between } = workload;
  const main = nextOf(workload);
  const other = between === undefined ? main : nextOf(between.workload);
  let count = 0;
  const setupRequest = (fixed: autocannon.Request): autocannon.Request => {
    count += 1;
    return { ...fixed, ...(between !== undefined && count % between.nth === 0 ? other() : main()) };
  };
  return new Promise((resolve, reject) => {
    pressure.signal.throwIfAborted();
    const run = autocannon(
      {
        url: origin,
        connections: pressure.connections,
        duration: pressure.seconds,
        timeout: answerSecondsMax,
        requests: [{ setupRequest }],
      },
      (error: Error | null, result: autocannon.Result) => {
        pressure.signal.removeEventListener('abort', stop);
        const { aborted, reason } = pressure.signal;
        if (error !== null || aborted) reject(error ?? reason);
        else if (result.requests.total === 0) reject(new Error('autocannon got no answer at all.'));
        else resolve(outcomeOf(result));
      },
    );
    const stop = (): void => run.stop();
    pressure.signal.addEventListener('abort', stop);
  });
}

/** Makes one request after the other. */
function nextOf({ method, path, keys, headers, authorizations, body }: Workload): () => autocannon.Request {
  let turn = 0;
  return () => {
    const authorization = authorizations?.[turn++ % authorizations.length];
    return {
      method,
      path: keys === 0 ? path : path + Math.floor(Math.random() * keys),
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(body !== undefined && { body }),
    };
  };
}

function outcomeOf({ requests, duration, latency, errors, non2xx }: autocannon.Result): Outcome {
  return {
    operations: requests.total,
    seconds: duration,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    maxMs: latency.max,
    // Its errors include the timeouts.
    errors: errors + non2xx,
  };
}
