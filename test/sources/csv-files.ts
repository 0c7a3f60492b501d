import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/sources/clock.ts';
import { csvSource } from '../../src/sources/csv/source.ts';
import type { Source } from '../../src/sources/source.ts';
import { sourceConfig } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { readAll, whyNot } from './configured.ts';

/** So late that every file has long settled. */
const LATER: Clock = {
  now: () => Date.now() + 86_400_000,
  wait: () => assert.fail('it waited for a file that has settled'),
  random: () => 0,
};

/** The source that a run would make of this block, by another clock. */
export function csv(block: Readonly<Record<string, unknown>>, clock = LATER): Source {
  const config = sourceConfig({ name: 'hr', type: 'csv', ...block });
  assert(config.type === 'csv');
  return csvSource(config, clock);
}

/** A file in a folder of its own. */
export interface TemporaryFile extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
}

/** A file with these bytes, or this UTF-8 text. It is old, so every change of it shows: clocks of file systems tick slowly. */
export async function temporaryFile(content: string | Uint8Array): Promise<TemporaryFile> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'people.csv');
  await writeFile(path, content);
  await utimes(path, 1_000_000_000, 1_000_000_000);
  return { folder: folder.path, path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** The people in a file with this content. */
export async function people(content: string | Uint8Array, block: Readonly<Record<string, unknown>>) {
  await using file = await temporaryFile(content);
  return (await readAll(csv({ people: { file: file.path, ...block } }))).people;
}

/** What a table of an account and a name gives: one account and name after the other. */
export async function names(content: string | Uint8Array, block: Readonly<Record<string, unknown>> = {}) {
  const all = await people(content, { map: { username: 'account', nick_name: 'name' }, ...block });
  const broken = all.flatMap(person => person.broken);
  assert.deepEqual(broken, []);
  return all.map(({ fields }) => [fields.username, fields.nick_name]);
}

/** What is said of a file of people with this content, after its name; the account is the username. */
export async function wrong(
  content: string | Uint8Array,
  block: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  await using file = await temporaryFile(content);
  return await whyNotOf(csv({ people: { file: file.path, map: { username: 'account' }, ...block } }), file);
}

/** What a source says of this file, after its name; it must have closed it. */
export async function whyNotOf(source: Source, { path, folder }: TemporaryFile): Promise<string> {
  const why = await whyNot(source);
  assert.equal(handlesIn(folder), 0);
  assert.ok(why.startsWith(`${path}: `), why);
  return why.slice(path.length + 2);
}

/** How many files in this folder this process has open; Linux tells. */
export function handlesIn(folder: string): number {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter(link => link.startsWith(folder)).length;
}
