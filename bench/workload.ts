/** One kind of HTTP request, sent again and again. */
export interface Workload {
  /** Such as `http://127.0.0.1:5000`. */
  readonly origin: string;
  readonly method: 'GET' | 'PUT';
  /** What the path begins with; the number of a random key follows. */
  readonly path: string;
  /** How many keys there are to draw from. 0: the path is sent as it is. */
  readonly keys: number;
  /** ASCII. `Host`, `Connection` and `Content-Length` are the generator's to set. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values of `Authorization`, one after the other in turn, instead of one among the headers. */
  readonly authorizations?: readonly string[];
  /** ASCII, so that its length in characters is its length in bytes. */
  readonly body: string | undefined;
  /** Another kind, of the same origin, to send in between. */
  readonly between?: {
    /** Every so manieth request of a generator's thread is of this kind. */
    readonly nth: number;
    readonly workload: Workload;
  };
}

export interface Pressure {
  readonly connections: number;
  readonly seconds: number;
  /** Ends the load early; it then rejects. */
  readonly signal: AbortSignal;
}

/** What a load came to, whichever program made it. */
export interface Outcome {
  /** Answered operations, refused ones included. */
  readonly operations: number;
  /** How long it really took. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Undefined where the generator only samples. */
  readonly maxMs: number | undefined;
  /** Answers that were not a success, broken connections and timeouts. */
  readonly errors: number;
}

/** Every benchmark stores and answers values of this size. */
const valueBytes = 100;

/** The one value: what is measured does not depend on its content. */
export const value = 'halo'.repeat(valueBytes / 4);

/** An answer that takes longer is an error: nothing here may take a second, let alone ten. */
export const answerSecondsMax = 10;
