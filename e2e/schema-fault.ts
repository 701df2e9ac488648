type Schema = Readonly<Record<string, unknown>>;

/**
 * Says where a JSON value departs from a schema of the contract, or returns undefined. It knows the part of
 * JSON Schema that describes answers, and throws at anything else rather than let it pass unchecked.
 */
export function schemaFault(schema: object, value: unknown, at = ''): string | undefined {
  const { type, properties, anyOf, items, const: constant } = schema as Schema;
  if (Array.isArray(anyOf)) {
    const fits = anyOf.some((option) => schemaFault(option as Schema, value, at) === undefined);
    return fits ? undefined : `${at} is none of the types it may have`;
  }
  if (constant !== undefined) return value === constant ? undefined : `${at} is not ${String(constant)}`;
  if (type === 'array') return arrayFault(items, value, at);
  if (type === 'object') return objectFault(schema as Schema, properties, value, at);
  if (type === 'null') return value === null ? undefined : `${at} is not null`;
  if (type === 'integer') return Number.isSafeInteger(value) ? undefined : `${at} is not an integer`;
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : `${at} is not a boolean`;
  if (type === 'string') return stringFault(schema as Schema, value, at);
  throw new Error(`This checker does not know the schema at ${at}: ${JSON.stringify(schema)}`);
}

function arrayFault(items: unknown, value: unknown, at: string): string | undefined {
  if (!Array.isArray(value)) return `${at} is not an array`;
  return value.map((item, index) => schemaFault(items as Schema, item, `${at}/${index}`)).find(Boolean);
}

function objectFault(schema: Schema, properties: unknown, value: unknown, at: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} is not an object`;
  const known = (properties ?? {}) as Readonly<Record<string, Schema>>;
  const missing = ((schema.required ?? []) as string[]).find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${at}/${missing} is missing`;
  for (const [name, member] of Object.entries(value)) {
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (expected === undefined) {
      if (schema.additionalProperties === false) return `${at}/${name} is not in the schema`;
      continue;
    }
    const fault = schemaFault(expected, member, `${at}/${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const date = /^\d{4}-\d\d-\d\d$/;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function stringFault({ format }: Schema, value: unknown, at: string): string | undefined {
  if (typeof value !== 'string') return `${at} is not a string`;
  if (format === 'date') return date.test(value) ? undefined : `${at} is not a date`;
  if (format === undefined || timestamp.test(value)) return undefined;
  return `${at} is not RFC 3339 with milliseconds in UTC`;
}
