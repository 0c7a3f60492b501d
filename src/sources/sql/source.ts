import type { SqlSourceConfig } from '../../config/sources.ts';
import { type Problem, type SourceName, sourceName } from '../../roster/model.ts';
import type { Resolve } from '../mapping.ts';
import { departmentsOf, membershipsOf, namesOfMap, namesOfPeople, peopleOf } from '../records.ts';
import { type Batch, type Pull, type Source, underContract } from '../source.ts';
import { columnsOfResult, type Row } from './columns.ts';
import type { Page, Reading } from './reading.ts';

/** A MySQL, MariaDB or SQLite database: people, and departments and memberships where they have queries of their own. */
export function sqlSource(config: SqlSourceConfig): Source {
  const name = sourceName(config.name);
  return { name, peopleLast: true, read: pull => underContract(name, pull, () => read(config, name, pull)) };
}

async function* read(config: SqlSourceConfig, name: SourceName, pull: Pull): AsyncGenerator<Batch> {
  await using database = await open(config, pull.signal);
  yield { kind: 'problems', problems: database.warnings.map(text => warning(name, text)) };
  for (const part of parts(config, pull)) yield* rowsOf(database, part);
}

async function open(config: SqlSourceConfig, signal: AbortSignal): Promise<Reading> {
  if (config.url.startsWith('sqlite:')) return (await import('./sqlite.ts')).openSqliteReading(config, signal);
  return await (await import('./mysql.ts')).openMysqlReading(config, signal);
}

/** One of the things that a source is asked for. */
interface Part {
  readonly kind: 'people' | 'departments' | 'memberships';
  readonly block: { readonly query?: string | undefined; readonly table?: string | undefined };
  readonly encoding: Readonly<Record<string, string>>;
  /** The columns that the mapping needs. */
  readonly needs: readonly string[];
  compile(resolve: Resolve<Row>): (rows: readonly Row[]) => Batch;
}

function parts({ people, departments, memberships }: SqlSourceConfig, pull: Pull): Part[] {
  const encoding = (block: { encoding?: Readonly<Record<string, string>> | undefined }) => block.encoding ?? {};
  const list: Part[] = [];
  if (departments) {
    list.push({
      kind: 'departments',
      block: departments,
      encoding: encoding(departments),
      needs: namesOfMap(departments.map),
      compile: resolve => departmentsOf(departments.map, resolve),
    });
  }
  if (memberships) {
    list.push({
      kind: 'memberships',
      block: memberships,
      encoding: encoding(memberships),
      needs: namesOfMap(memberships.map),
      compile: resolve => membershipsOf(memberships.map, resolve),
    });
  }
  list.push({
    kind: 'people',
    block: people,
    encoding: encoding(people),
    needs: namesOfPeople(people),
    compile: resolve => peopleOf(people, { resolve }, pull.today),
  });
  return list;
}

async function* rowsOf(reading: Reading, part: Part): AsyncGenerator<Batch> {
  const text = part.block.query ?? (await selectFrom(reading, part));
  const what = part.block.query === undefined ? `table ${part.block.table}` : `the ${part.kind} query`;
  let map: ((rows: readonly Row[]) => Batch) | undefined;
  try {
    for await (const page of reading.select({ text, encoding: part.encoding })) {
      map ??= part.compile(resolveIn(page, part, what));
      yield map(page.rows);
    }
  } catch (error) {
    throw new Error(map ? `${what}: ${(error as Error).message}` : explain(error as Error, what), { cause: error });
  }
}

const explain = ({ message }: Error, what: string) => (message.includes(what) ? message : `${what}: ${message}`);

/** Looks all columns up first, those of conditions and rare fallbacks too, so that a lack is found on the first row. */
function resolveIn({ columns }: Page, part: Part, what: string): Resolve<Row> {
  const resolve = columnsOfResult(what, columns, part.encoding);
  for (const name of [...part.needs, ...Object.keys(part.encoding)]) resolve(name);
  return resolve;
}

async function selectFrom(reading: Reading, { block, needs }: Part): Promise<string> {
  const table = block.table ?? '';
  const columns = await reading.columnsOf(table);
  if (columns.length === 0) throw new Error(`there is no table or view "${table}" that the account may read`);
  const resolve = columnsOfResult(`table ${table}`, columns, {});
  for (const name of needs) resolve(name);
  return `select ${[...new Set(needs)].map(reading.quote).join(', ')} from ${reading.quote(table)}`;
}

const warning = (source: SourceName, text: string): Problem => ({
  code: 'account_can_write',
  effect: 'warned',
  source,
  kind: 'source',
  key: '',
  name: '',
  text,
});
