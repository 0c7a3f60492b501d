import type { FileHandle } from 'node:fs/promises';
import type { CsvSourceConfig } from '../../config/sources.ts';
import { sourceName } from '../../roster/model.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import type { Resolve } from '../mapping.ts';
import { departmentsOf, membershipsOf, peopleOf, type ToBatch } from '../records.ts';
import { type Batch, type Pull, type Source, underContract } from '../source.ts';
import { columnsOfTable, type Layout, type Row } from './columns.ts';
import { bytesOf, type Look, named, naming, openFile, settledLooks, unchanged } from './file.ts';
import { batchesOf } from './rows.ts';
import { encodingOf, MARK_BYTES, textOf } from './text.ts';

/**
 * Files of comma-separated values: people, and departments and memberships where they have files of their own. None of
 * them may change from the first look at all of them until the last one is read. Whether the files belong together only
 * their writer knows: when some were renewed and others not yet, nothing shows it.
 */
export function csvSource(config: CsvSourceConfig, clock: Clock = SYSTEM_CLOCK): Source {
  const name = sourceName(config.name);
  return { name, peopleLast: true, read: pull => underContract(name, pull, () => read(config, { clock, pull })) };
}

interface Circumstances {
  readonly clock: Clock;
  readonly pull: Pull;
}

async function* read(config: CsvSourceConfig, { clock, pull }: Circumstances): AsyncGenerator<Batch> {
  const { signal } = pull;
  const tables = tablesOf(config, pull);
  const files = new Set(tables.map(table => table.block.file));
  const looks = await settledLooks(files, { settled: config.settled, clock, signal });
  for (const table of tables) yield* batchesIn(table, looks, signal);
  // Not table by table: what was read first must still be so when the last one was read.
  for (const [file, look] of looks) await naming(file, () => unchanged(file, look));
  signal.throwIfAborted();
}

/** One of the tables that a source is made of. */
interface Table {
  readonly block: Layout & { readonly file: string };
  /** Looks all columns up that the mapping needs, those of conditions and rare fallbacks too. */
  compile(resolve: Resolve<Row>): ToBatch<Row>;
}

function tablesOf({ people, departments, memberships }: CsvSourceConfig, { today }: Pull): Table[] {
  const tables: Table[] = [];
  if (departments) {
    const { map } = departments;
    tables.push({
      block: departments,
      compile: resolve => departmentsOf(map, resolve),
    });
  }
  if (memberships) {
    const { map } = memberships;
    tables.push({
      block: memberships,
      compile: resolve => membershipsOf(map, resolve),
    });
  }
  tables.push({
    block: people,
    compile: resolve => peopleOf(people, { resolve }, today),
  });
  return tables;
}

async function* batchesIn(table: Table, looks: ReadonlyMap<string, Look>, signal: AbortSignal): AsyncGenerator<Batch> {
  const { file } = table.block;
  const look = looks.get(file);
  if (look === undefined) throw new TypeError(`${file} was not looked at`);
  await using handle = await naming(file, () => openFile(file));
  await naming(file, () => unchanged(file, look, handle));
  try {
    for await (const batch of rowsIn(table, { handle, size: Number(look.size), signal })) {
      // Rows that were parsed before are not handed over after an abort.
      signal.throwIfAborted();
      yield batch;
    }
  } catch (error) {
    // What is wrong with half a file is that it is half a file.
    await naming(file, () => unchanged(file, look));
    throw named(file, error);
  }
}

interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
  readonly signal: AbortSignal;
}

async function* rowsIn({ block, compile }: Table, { handle, size, signal }: OpenFile): AsyncGenerator<Batch> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
  const { encoding, markBytes } = encodingOf(buffer.subarray(0, bytesRead), block.encoding);
  if (block.columns && size === markBytes) {
    throw new Error(
      'is empty, as a file is that was cut off; where no header does, let a blank line say that no row is meant',
    );
  }
  const text = textOf(bytesOf(handle, { start: markBytes, end: size }, signal), encoding);
  const layout = { ...block, encoding };
  yield* batchesOf(text, layout, columns => compile(columnsOfTable(columns, layout)));
}
