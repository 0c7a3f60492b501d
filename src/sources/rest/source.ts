import type { DepartmentsBlockConfig } from '../../config/manifest.ts';
import type { RestSourceConfig } from '../../config/sources.ts';
import { type PersonRecord, type Problem, type SourceName, sourceName } from '../../roster/model.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import { type Batch, type Pull, type Source, underContract } from '../source.ts';
import { Departments, oneText } from './departments.ts';
import { Expectations } from './expect.ts';
import { untilCounted } from './pages.ts';
import { personOf, withDefaults } from './people.ts';
import { allRows, ManifestReading } from './reading.ts';
import type { Judge, RowOf } from './rows.ts';
import { enriching, Updates } from './update.ts';

/**
 * A service that a manifest describes: people, and departments where it has a block of them. Pages are handed over as
 * they come, unless the manifest tells where the server counts its records: then once the count was found right. What
 * is read is not as of one moment, which HTTP cannot give; a list that changes in mid-read is found by its total, by
 * repeating pages, or by the run's second read.
 */
export function restSource(config: RestSourceConfig, clock: Clock = SYSTEM_CLOCK): Source {
  const name = sourceName(config.name);
  const read = (reader: Reader) => (counts(config) ? counted(config, reader) : batchesOf(config, reader));
  return { name, read: pull => underContract(name, pull, () => read({ name, clock, pull })) };
}

interface Reader {
  readonly name: SourceName;
  readonly clock: Clock;
  readonly pull: Pull;
}

const counts = ({ manifest }: RestSourceConfig) =>
  [manifest, manifest.departments].some(block => block?.expect_total_from !== undefined);

/** Nothing is handed over before the counts were found right. */
async function* counted(config: RestSourceConfig, reader: Reader): AsyncGenerator<Batch> {
  yield* await untilCounted(() => Array.fromAsync(batchesOf(config, reader)));
}

async function* batchesOf(config: RestSourceConfig, { name, clock, pull }: Reader): AsyncGenerator<Batch> {
  await using reading = new ManifestReading(config, { clock, signal: pull.signal, today: pull.today });
  const block = config.manifest.departments;
  const afterwards = block?.for_each === 'people';
  const rows = block && !afterwards ? await allRows(reading.departments()) : [];
  const people = new PeopleReader(config, reading.manifest.active);
  const departments = block && !afterwards ? people.join(rows, block) : undefined;
  if (departments) yield { kind: 'departments', records: departments.records, rows: departments.records.length };
  const read: RowOf[] = [];
  for await (const page of reading.people(rows)) {
    people.look(page.unfiltered);
    if (afterwards) read.push(...page.rows);
    else yield people.batch(page.rows, page.records);
  }
  if (block && afterwards) {
    const late = people.join(await allRows(reading.departments(read)), block);
    yield { kind: 'departments', records: late.records, rows: late.records.length };
    yield people.batch(read, read.length);
  }
  yield* people.end(name);
}

/** Makes people of rows, and knows at the end what was missing. */
class PeopleReader {
  #departments: Departments | undefined;
  readonly #config: RestSourceConfig;
  readonly #active: Judge | undefined;
  readonly #expected: Expectations;
  readonly #updates = new Updates();
  #unmatched = 0;

  constructor(config: RestSourceConfig, active: Judge | undefined) {
    this.#config = config;
    this.#active = active;
    this.#expected = new Expectations(config.expect);
  }

  /** From now on people are in these departments. */
  join(rows: readonly RowOf[], { match, member_key: by }: DepartmentsBlockConfig): Departments {
    const byEmail = by === undefined ? !this.#keyed : by === 'email';
    this.#departments = new Departments(rows, { match, folded: byEmail });
    return this.#departments;
  }

  get #keyed(): boolean {
    return this.#config.manifest.data_structure['key'] !== undefined;
  }

  /** Whatever the filter makes of them: a field that is not there any more may be the one that it looks at. */
  look(rows: readonly RowOf[]): void {
    for (const { row } of rows) this.#expected.look(row);
  }

  batch(rows: readonly RowOf[], records: number): Batch {
    const people = rows.map(one => this.#person(one));
    if (this.#config.action === 'create') {
      return { kind: 'people', records: people.map(withDefaults), rows: records };
    }
    for (const person of people) this.#update(person);
    return { kind: 'people', records: [], rows: records };
  }

  #person(one: RowOf): PersonRecord {
    const person = personOf(one, { keyed: this.#keyed, active: this.#active });
    return { ...person, departments: this.#departmentsOf(one, person) };
  }

  #departmentsOf(one: RowOf, person: PersonRecord): readonly string[] {
    const { manifest } = this.#config;
    const of = manifest.for_each === 'departments' ? codeOf(one) : [];
    const codes = person.departments.length > 0 ? [] : of;
    if (!this.#departments) return [...person.departments, ...codes];
    const by = manifest.departments?.member_key;
    const member = by === undefined ? person.key : oneText(one.row.get(by));
    return [...new Set([...codes, ...this.#departments.of(person.departments, member)])];
  }

  /** Rows that nobody could be found by are counted, and left out. */
  #update(person: PersonRecord): void {
    const { match } = this.#config;
    const by = match === 'key' ? person.key : (person.fields[match]?.toLowerCase() ?? '');
    if (by === '') this.#unmatched += 1;
    else this.#updates.add(by, enriching(person, match));
  }

  *end(source: SourceName): Generator<Batch> {
    const lacking = this.#expected.trouble();
    if (lacking !== undefined) throw new Error(lacking);
    const records = this.#updates.people;
    if (records.length > 0) yield { kind: 'people', records, rows: 0 };
    const strangers = this.#departments?.strangers() ?? [];
    if (strangers.length > 0) yield { kind: 'memberships', records: strangers, rows: 0 };
    if (this.#unmatched > 0)
      yield { kind: 'problems', problems: [unmatched(source, this.#config.match, this.#unmatched)] };
  }
}

/** The department that a list of people was asked for. */
function codeOf({ of }: RowOf): string[] {
  const code = oneText(of?.get('group_no'));
  return code === '' ? [] : [code];
}

const unmatched = (source: SourceName, match: string, count: number): Problem => ({
  code: 'update_without_match',
  effect: 'dropped',
  source,
  kind: 'source',
  key: '',
  name: source,
  text: `${count} ${count === 1 ? 'row has' : 'rows have'} no ${match} to find anybody by`,
});
