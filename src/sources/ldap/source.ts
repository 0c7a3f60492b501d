import type { LdapSourceConfig } from '../../config/sources.ts';
import { type MembershipRecord, type Problem, type SourceName, sourceName } from '../../roster/model.ts';
import { namesOfPeople } from '../records.ts';
import { type Batch, type Pull, type Source, underContract } from '../source.ts';
import { Departments, namesOfDepartments } from './departments.ts';
import { Absences, attributesOf } from './names.ts';
import { filterOf, pagesOf, type Search } from './pages.ts';
import { People, withDefaults } from './people.ts';
import { openReading, type Reading } from './reading.ts';

/**
 * An LDAP directory: people, and departments where it has a block for them, in which case these come first. All of it is
 * read over one connection to one server. A directory cannot give one consistent moment: who is moved while it is read
 * may be seen twice or not at all.
 */
export function ldapSource(config: LdapSourceConfig): Source {
  const name = sourceName(config.name);
  return { name, read: pull => underContract(name, pull, () => read(config, name, pull)) };
}

async function* read(config: LdapSourceConfig, name: SourceName, pull: Pull): AsyncGenerator<Batch> {
  const plan = planOf(config);
  await using directory = await openReading(config, pull.signal);
  yield* batches(directory, plan, { source: name, today: pull.today });
}

/** What is made by the configuration alone. */
interface Plan {
  readonly people: ReturnType<typeof withDefaults>;
  readonly departments: LdapSourceConfig['departments'];
  readonly searchPeople: Search;
  readonly searchDepartments: Search | undefined;
}

/** Throws for what can be seen to be wrong before any server is asked. */
function planOf({ people, departments, page_size }: LdapSourceConfig): Plan {
  const whole = withDefaults(people);
  return {
    people: whole,
    departments,
    searchPeople: searchFor('people', { ...people, page_size, names: namesOfPeople(whole) }),
    searchDepartments:
      departments && searchFor('departments', { ...departments, page_size, names: namesOfDepartments(departments) }),
  };
}

type Block = Pick<LdapSourceConfig['people'], 'base' | 'scope' | 'filter'> & {
  readonly page_size: number;
  readonly names: readonly string[];
};

function searchFor(what: Search['what'], { base, scope, filter, page_size, names }: Block): Search {
  try {
    return { what, base, scope, filter: filterOf(filter), names, attributes: attributesOf(names), size: page_size };
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** What the batches have to say besides what was read. */
interface About {
  readonly source: SourceName;
  readonly today: string;
}

async function* batches(reading: Reading, plan: Plan, about: About): AsyncGenerator<Batch> {
  const departments = plan.departments && new Departments(plan.departments);
  if (departments && plan.searchDepartments) {
    const absences = new Absences(plan.searchDepartments);
    let rows = 0;
    for await (const entries of pagesOf(reading, plan.searchDepartments)) {
      absences.look(entries);
      departments.add(entries);
      rows += entries.length;
    }
    yield { kind: 'departments', records: departments.records, rows };
    yield* warnings(about, 'attribute_absent', absences.warnings);
  }
  yield* peopleBatches(reading, plan.searchPeople, new People(plan.people, departments, about.today), about);
}

async function* peopleBatches(reading: Reading, search: Search, people: People, about: About): AsyncGenerator<Batch> {
  const absences = new Absences(search);
  for await (const entries of pagesOf(reading, search)) {
    absences.look(entries);
    const { records, memberships } = people.place(entries);
    yield { kind: 'people', records, rows: entries.length };
    yield* membershipBatch(memberships);
  }
  yield* membershipBatch(people.strangers);
  yield* warnings(about, 'attribute_absent', absences.warnings);
  yield* warnings(about, 'department_not_listed', people.warnings);
}

function* membershipBatch(records: readonly MembershipRecord[]): Generator<Batch> {
  if (records.length > 0) yield { kind: 'memberships', records, rows: records.length };
}

function* warnings({ source }: About, code: string, texts: readonly string[]): Generator<Batch> {
  const problems = texts.map(
    (text): Problem => ({ code, effect: 'warned', source, kind: 'source', key: '', name: '', text }),
  );
  if (problems.length > 0) yield { kind: 'problems', problems };
}
