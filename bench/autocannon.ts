import autocannon from 'autocannon';
import { answerSecondsMax, type Outcome, type Pressure, type Workload } from './workload.js';

/** Runs autocannon inside this process, which has nothing else to do meanwhile. */
export function runAutocannon(workload: Workload, pressure: Pressure): Promise<Outcome> {
  const { origin, method, path, keys, headers, authorizations, body } = workload;
  const request = { method, path, headers: { ...headers }, ...(body !== undefined && { body }) };
  let turn = 0;
  const withRandomKey = (fixed: autocannon.Request): autocannon.Request => {
    const authorization = authorizations?.[turn++ % authorizations.length];
    return {
      ...fixed,
      path: path + Math.floor(Math.random() * keys),
      ...(authorization !== undefined && { headers: { ...headers, authorization } }),
    };
  };
  return new Promise((resolve, reject) => {
    pressure.signal.throwIfAborted();
    const run = autocannon(
      {
        url: origin,
        connections: pressure.connections,
        duration: pressure.seconds,
        timeout: answerSecondsMax,
        requests: [keys === 0 ? request : { ...request, setupRequest: withRandomKey }],
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
