/**
 * Returns a function that runs the task at most once at a time: whoever calls while it runs gets the same
 * promise. A refresh token is good once, so ten requests that meet an expired access token together must
 * not spend ten.
 */
export function singleFlight<T>(task: () => Promise<T>): () => Promise<T> {
  let flight: Promise<T> | undefined;
  return () => {
    flight ??= task().finally(() => {
      flight = undefined;
    });
    return flight;
  };
}
