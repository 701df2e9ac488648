import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { HaloError } from '../errors.js';

/** Checks a value against a schema of the contract. */
export type Validate<Schema extends TSchema> = (value: unknown) => Static<Schema>;

/**
 * Compiles a schema once.
 *
 * @returns a function that passes on what fits, and throws HaloError `invalid-request` with the JSON pointer
 * of the first fault. What was sent is not repeated: it may be a password.
 */
export function compileValidate<Schema extends TSchema>(schema: Schema): Validate<Schema> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value as Static<Schema>;
    const [fault] = compiled.Errors(value);
    throw new HaloError('invalid-request', describe(fault), { extra: { pointer: pointerOf(fault) } });
  };
}

type Fault = {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
};

function describe(fault: Fault | undefined): string {
  if (fault === undefined) return 'The request is not valid.';
  const pointer = pointerOf(fault);
  // TypeBox reports an unknown member as a value that no schema allows.
  if (fault.keyword === 'boolean') return `${pointer} is not known here.`;
  if (fault.keyword === 'required') return `${pointer} is missing.`;
  return `${pointer === '' ? 'The request' : pointer} ${fault.message}.`;
}

function pointerOf(fault: Fault | undefined): string {
  if (fault === undefined) return '';
  const { requiredProperties } = fault.params as { requiredProperties?: readonly string[] };
  const missing = requiredProperties?.[0];
  return missing === undefined ? fault.instancePath : `${fault.instancePath}/${escapePointer(missing)}`;
}

/** RFC 6901. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
