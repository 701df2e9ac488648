// @ts-check
// Writes src/wire.ts from the contract, so that who installs the SDK gets plain types and nothing else.
import { CommitEvent, EndEvent, openApiDocument, SnapshotEvent } from 'halo-contract';
import { compile } from 'json-schema-to-typescript';

const prefix = '#/components/schemas/';
const { schemas } = /** @type {{ components: { schemas: Record<string, object> } }} */ (openApiDocument('0'))
  .components;
// The events of a stream, which OpenAPI has no place for.
for (const event of [CommitEvent, SnapshotEvent, EndEvent]) {
  const text = JSON.stringify(event, (name, value) => {
    const isNested = name !== '' && value?.$id !== undefined;
    return isNested ? { $ref: prefix + value.$id } : value;
  });
  const { $id, ...schema } = JSON.parse(text);
  schemas[$id] = schema;
}
const definitions = JSON.parse(JSON.stringify(schemas).replaceAll(prefix, '#/definitions/'));
const wire = await compile({ title: 'Wire', definitions, type: 'object' }, 'Wire', {
  additionalProperties: false,
  bannerComment:
    '/** What travels between client and server. Made from the contract by `npm run wire -w client`. */',
  format: false,
  ignoreMinAndMaxItems: true,
  unreachableDefinitions: true,
});
// The root only holds the definitions together, and each says once more that it is a definition.
console.log(
  wire
    .replace(/export interface Wire \{\n[^}]*\n?\}\n?/, '')
    .replaceAll(
      / \* This interface was referenced by `Wire`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/g,
      '',
    )
    .replaceAll(/\/\*\*\n \*\/\n/g, ''),
);
