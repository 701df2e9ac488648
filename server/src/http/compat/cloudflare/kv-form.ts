import { HaloError } from '../../../errors.js';
import { contentTypeOf } from '../../value-headers.js';

/** A value with what came along in a `multipart/form-data` body. */
export interface Form {
  readonly value: Buffer;
  readonly contentType: string;
  /** JSON text, unchecked. */
  readonly metadata: string | undefined;
}

const textType = 'text/plain; charset=utf-8';

export function isForm(contentType: string | undefined): contentType is string {
  return /^multipart\/form-data\b/i.test(contentType ?? '');
}

/**
 * Reads a form with the field `value`, and perhaps `metadata`.
 *
 * @throws HaloError `invalid-request` for a malformed form, other fields, and a text that is not UTF-8
 */
export async function readForm(body: Buffer, contentType: string): Promise<Form> {
  const form = await parse(body, contentType);
  const names = [...form.keys()];
  const stranger = names.find((name) => name !== 'value' && name !== 'metadata');
  if (stranger !== undefined) throw strangerRefusal(stranger);
  if (new Set(names).size !== names.length) throw invalid('A field of the form is given more than once.');
  const value = form.get('value');
  const metadata = form.get('metadata');
  if (value === null) throw invalid('The form has no field "value".');
  return {
    ...(typeof value === 'string' ? textOf(value, body) : await fileOf(value)),
    metadata:
      metadata === null || typeof metadata === 'string' ? (metadata ?? undefined) : await metadata.text(),
  };
}

async function parse(body: Buffer, contentType: string): Promise<FormData> {
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw new HaloError('invalid-request', 'The body is not multipart/form-data.', { cause });
  }
}

/**
 * A field without a file name is decoded as text, which must not change what was sent. Some versions of Node drop a
 * byte order mark in doing so, which is put back where the body has it.
 */
function textOf(text: string, body: Buffer): Omit<Form, 'metadata'> {
  const value = [`\u{feff}${text}`, text]
    .map((read) => Buffer.from(read))
    .find((bytes) => isField(bytes, body));
  if (value === undefined)
    throw invalid('Send a value that is not plain UTF-8 as a file, or as the whole body.');
  return { value, contentType: textType };
}

function isField(bytes: Buffer, body: Buffer): boolean {
  return body.includes(Buffer.concat([Buffer.from('\r\n\r\n'), bytes, Buffer.from('\r\n--')]));
}

async function fileOf(file: Blob): Promise<Omit<Form, 'metadata'>> {
  const contentType = contentTypeOf(file.type === '' ? undefined : file.type);
  return { value: Buffer.from(await file.arrayBuffer()), contentType };
}

function strangerRefusal(name: string): HaloError {
  // What clients make of an object that is not written as JSON first.
  if (name.startsWith('metadata[')) return invalid('Send metadata as one field of JSON text.');
  return invalid('The form may have the fields "value" and "metadata" only.');
}

function invalid(detail: string): HaloError {
  return new HaloError('invalid-request', detail);
}
