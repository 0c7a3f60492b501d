import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import type { PersonRecord } from '../../src/roster/model.ts';
import { columnsOfTable } from '../../src/sources/csv/columns.ts';
import { batchesOf } from '../../src/sources/csv/rows.ts';
import { encodingOf, textOf } from '../../src/sources/csv/text.ts';
import { peopleOf } from '../../src/sources/records.ts';
import { readAll, TODAY } from './configured.ts';
import { csv, temporaryFile } from './csv-files.ts';

const COLUMNS = ['username', 'email', 'nick_name', 'company'] as const;

/** Anything but what no table has, and what stands for lost characters. */
const cell = fc.oneof(
  fc.string({ unit: 'binary' }).map(text => text.replace(/[\0\ufffd]/g, '')),
  fc.string({ unit: fc.constantFrom(',', '"', '\n', '\r', '\r\n', ' ', 'x', '林', '\ufeff', '😀') }),
);
const table = fc.array(fc.tuple(cell, cell, cell, cell));

/** In quotes where it must be, and where chance has it. */
const quoted = (text: string, always: boolean) =>
  always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A table, and the bytes of a file that holds it. */
const written = fc
  .record({
    rows: table,
    encoding: fc.constantFrom('utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'utf-32', 'gb18030'),
    end: fc.constantFrom('\n', '\r\n'),
    always: fc.boolean(),
    addBOM: fc.boolean(),
  })
  .map(({ rows, encoding, end, always, addBOM }) => {
    const lines = [COLUMNS, ...rows].map(row => row.map(text => quoted(text, always)).join(',') + end);
    return { rows, encoding, bytes: iconv.encode(lines.join(''), encoding, { addBOM }) };
  });

/** What is read of a table: blanks are nothing, and nothing may be broken. */
const readable = (rows: readonly (readonly string[])[]) =>
  rows.map(row => row.map(text => (text.trim() === '' ? '' : text)));

const read = (all: readonly PersonRecord[]) =>
  all.map(({ fields, broken }) => [...COLUMNS.map(name => fields[name] ?? ''), ...broken]);

suite('any table of strings reads back the same', () => {
  const map = Object.fromEntries(COLUMNS.map(name => [name, name]));

  test('from a file', async () => {
    await using file = await temporaryFile('');
    const property = fc.asyncProperty(written, async ({ rows, encoding, bytes }) => {
      await writeFile(file.path, bytes);
      const all = await readAll(csv({ people: { file: file.path, map, encoding } }));
      assert.deepEqual(read(all.people), readable(rows));
    });
    await fc.assert(property, { numRuns: 200, endOnFailure: true });
  });

  test('in however many pieces it comes', async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 9 });
    const property = fc.asyncProperty(written, pieces, async ({ rows, encoding: configured, bytes }, sizes) => {
      const { encoding, markBytes } = encodingOf(bytes, configured);
      const layout = { encoding, delimiter: ',' };
      const text = textOf(cut(bytes.subarray(markBytes), sizes), encoding);
      const batches = batchesOf(text, layout, names =>
        peopleOf({ map }, { resolve: columnsOfTable(names, layout) }, TODAY),
      );
      const all: PersonRecord[] = [];
      for await (const batch of batches) if (batch.kind === 'people') all.push(...batch.records);
      assert.deepEqual(read(all), readable(rows));
    });
    await fc.assert(property, { numRuns: 200, endOnFailure: true });
  });
});

test('any bytes give the same text, in however many pieces they come', async () => {
  const encoding = fc.constantFrom('utf-8', 'big5', 'shift_jis', 'euc-jp', 'euc-kr', 'gb18030', 'windows-1252');
  const byte = fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(0x2c, 0x61, 0x81, 0xa4, 0xfe));
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 9 });
  const property = fc.asyncProperty(encoding, fc.array(byte), sizes, async (of, some, pieces) => {
    const bytes = Buffer.from([...some, 0x0a]);
    const texts = await Array.fromAsync(textOf(cut(bytes, pieces), of));
    assert.equal(texts.join(''), iconv.decode(bytes, of, { stripBOM: false }));
  });
  await fc.assert(property, { numRuns: 1000, endOnFailure: true });
});

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let place = 0;
  for (let count = 0; place < bytes.length; count++) {
    const size = sizes[count % sizes.length] ?? 1;
    yield bytes.subarray(place, place + size);
    place += size;
  }
}
