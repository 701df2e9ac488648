import { type Operation, operations } from 'halo-contract';
import { pathOf } from './key-path.js';

const routes = (Object.values(operations) as Operation[]).map((operation) => ({
  operation,
  form: formOf(operation.path),
}));

/** The operation that a request asks for, if it is one of the contract's. */
export function operationAt(method: string, url: string): Operation | undefined {
  const path = pathOf(url);
  const asWritten = routes.filter(({ form }) => form.test(path)).map(({ operation }) => operation);
  return (
    asWritten.find((operation) => operation.method === method) ??
    (method === 'HEAD' ? asWritten.find((operation) => operation.method === 'GET') : undefined)
  );
}

/** `{key}` stands for the rest of the path, `{id}` for one segment. */
export function formOf(path: string): RegExp {
  const literal = path.replaceAll('.', String.raw`\.`);
  return new RegExp(`^${literal.replace('{key}', '.*').replace('{id}', '[^/]+')}$`, 's');
}
