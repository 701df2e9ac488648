import { EntryList, limits } from 'halo-contract';
import { describe, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { schemaFault } from '../schema-fault.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

const MiB = 1024 * 1024;

describe('a list with values', () => {
  test('has each value as text when it is UTF-8, and in base64 when it is not', async () => {
    const person = await halo.signUp();
    const values: Readonly<Record<string, Buffer<ArrayBuffer>>> = {
      bytes: Buffer.from([0xff, 0x00, 0xfe]),
      cut: Buffer.from('é').subarray(0, 1),
      empty: Buffer.alloc(0),
      marked: Buffer.from('\ufeffa'),
      nul: Buffer.from('a\0b'),
      text: Buffer.from('grüße 🙂 "\\'),
    };
    for (const [key, value] of Object.entries(values)) await halo.set(person, key, value);
    const page = await halo.page(person, { values: 'true' });
    expect(schemaFault(EntryList, page)).toBeUndefined();
    const told = page.keys.map(({ key, value, value_base64: encoded }) => [
      key,
      value ?? null,
      encoded ?? null,
    ]);
    expect(told).toEqual([
      ['bytes', null, '/wD+'],
      ['cut', null, 'ww=='],
      ['empty', '', null],
      ['marked', '\ufeffa', null],
      ['nul', 'a\0b', null],
      ['text', 'grüße 🙂 "\\', null],
    ]);
  });

  test('has none unless they are asked for', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    for (const query of [{}, { values: 'false' }]) {
      const [entry] = (await halo.page(person, query)).keys;
      expect(Object.keys(entry ?? {})).not.toEqual(expect.arrayContaining([expect.stringMatching(/^value/)]));
    }
  });

  test('carries metadata as it was sent', async () => {
    const person = await halo.signUp();
    const metadata = '{"n":12345678901234567890,"x":1.0}';
    await halo.set(person, 'key', 'value', { headers: { 'halo-metadata': metadata } });
    const text = await (await halo.list(person, 'values=true')).text();
    expect(text).toContain(`"metadata":${metadata},`);
  });

  test('ends a page early rather than make it huge, and still comes to every value', async () => {
    const person = await halo.signUp();
    const sizes = [3 * MiB, 3 * MiB, 3 * MiB, limits.valueBytesMax, 1];
    for (const [index, size] of sizes.entries())
      await halo.set(person, `key-${index}`, Buffer.alloc(size, 97));
    const lengths: number[][] = [];
    let cursor: string | null = null;
    do {
      const page: EntryList = await halo.page(person, {
        values: 'true',
        ...(cursor === null ? {} : { cursor }),
      });
      lengths.push(page.keys.map(({ value }) => value?.length ?? -1));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(lengths.flat()).toEqual(sizes);
    expect(lengths.length).toBeGreaterThan(2);
    // Without values the same keys are one page.
    expect((await halo.page(person)).keys.map(({ size }) => size)).toEqual(sizes);
  });
});
