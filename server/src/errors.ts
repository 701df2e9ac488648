import { type ProblemCode, problems } from 'halo-contract';

interface HaloErrorOptions {
  /** What really happened. Logged, never shown. */
  readonly cause?: unknown;
  /** Members added to the problem document, such as the current revision of a failed precondition. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  readonly retryAfterS?: number;
}

/**
 * A refusal that a client may see. The catalogue in `halo-contract` alone maps `code` to a status and a
 * title; `detail` is safe to show.
 */
export class HaloError extends Error {
  readonly code: ProblemCode;
  readonly extra: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ProblemCode, detail: string, options: HaloErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HaloError';
    this.code = code;
    this.extra = options.extra;
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/**
 * A reason not to start: a wrong setting, a data directory in use. The message is a full sentence that
 * names what is wrong and the remedy; it is printed without a stack, and the process exits with 1.
 */
export class StartError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StartError';
  }
}
