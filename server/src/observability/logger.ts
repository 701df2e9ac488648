import { type Logger, pino } from 'pino';

/**
 * Structured logs on standard output, one JSON object a line. Nothing that people store or prove themselves
 * with is ever passed to it: no bodies, no headers, no query strings, no keys.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
  });
}

/**
 * What may be logged of an error. PostgreSQL puts values into `detail` and `where`, so that of its errors only
 * the code, the routine and the constraint are kept besides the message.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, constraint, routine } = error as { code?: unknown; constraint?: unknown; routine?: unknown };
  return {
    name: error.name,
    message: error.message,
    code,
    constraint,
    routine,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
