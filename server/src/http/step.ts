import type { IncomingMessage, ServerResponse } from 'node:http';

export type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Something that is done with every request before the next thing, or instead of it. */
export type Step = (next: Serve) => Serve;
