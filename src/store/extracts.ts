import { hash } from 'node:crypto';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { fold } from '../roster/fold.ts';
import {
  type DepartmentRecord,
  type Extract,
  type MembershipRecord,
  type PersonRecord,
  type Problem,
  sourceName,
  splitKey,
} from '../roster/model.ts';
import { cleansed, isAbout, type Traces } from '../roster/traces.ts';
import { StoreError } from './error.ts';
import type { ExtractPartKind, Tables } from './schema.ts';
import type { ExtractChanges, Extracts, StoredExtract } from './store.ts';

/** Bytes of JSON in one part: even where it cannot be compressed, a statement with it stays below 1 MiB. */
const PART = 256 * 1024;
/** Parts that are read at once. */
const PAGE = 16;
/** How often an extract is looked at that does not fit together. */
const LOOKS = 3;

export function extracts(db: Kysely<Tables>): Extracts {
  return {
    async heads() {
      const rows = await db.selectFrom('extracts').select(['source', 'at', 'fingerprint']).execute();
      return rows.map(row => ({ ...row, source: sourceName(row.source), at: new Date(row.at) }));
    },
    async get(source) {
      // A dry run has no lock: what it looks at may just be replaced, and then fits together the next time.
      for (let look = 1; look <= LOOKS; look += 1) {
        const head = await db.selectFrom('extracts').selectAll().where('source', '=', source).executeTakeFirst();
        if (!head) return undefined;
        const extract = await readBack(db, head);
        if (extract) return { extract, at: new Date(head.at), fingerprint: head.fingerprint };
      }
      throw new StoreError(
        `the store is damaged: the extract of source ${source} is not what its digest says; "rosterd pull" stores another as soon as the source can be read, else restore a backup`,
      );
    },
  };
}

/** All parts put together; undefined when they are not the ones that the head is about. */
async function readBack(db: Kysely<Tables>, head: Selectable<Tables['extracts']>): Promise<Extract | undefined> {
  const lists: Record<ExtractPartKind, unknown[]> = { people: [], departments: [], memberships: [], problems: [] };
  const kinds = new Set<ExtractPartKind>();
  const digests: string[] = [];
  for await (const { place, kind, digest, content } of partsIn(db, head.source)) {
    const text = inflated(content);
    if (place !== digests.length || text === undefined || partDigest(kind, text) !== digest) return undefined;
    for (const record of JSON.parse(text) as unknown[]) lists[kind].push(record);
    kinds.add(kind);
    digests.push(digest);
  }
  if (wholeDigest(digests) !== head.digest) return undefined;
  const { people, departments, memberships } = head;
  return {
    source: sourceName(head.source),
    people: lists.people as PersonRecord[],
    departments: kinds.has('departments') ? (lists.departments as DepartmentRecord[]) : undefined,
    memberships: lists.memberships as MembershipRecord[],
    rows: { people, departments, memberships },
    problems: lists.problems as Problem[],
  };
}

async function* partsIn(db: Kysely<Tables>, source: string) {
  for (let from = 0; ; from += PAGE) {
    const page = await db
      .selectFrom('extract_parts')
      .select(['place', 'kind', 'digest', 'content'])
      .where('source', '=', source)
      .where('place', '>=', from)
      .where('place', '<', from + PAGE)
      .orderBy('place')
      .execute();
    yield* page;
    if (page.length < PAGE) return;
  }
}

function inflated(content: Uint8Array): string | undefined {
  try {
    return inflateSync(content).toString();
  } catch {
    return undefined;
  }
}

const partDigest = (kind: ExtractPartKind, text: string) => hash('sha256', `${kind} ${text}`);
const wholeDigest = (digests: readonly string[]) => hash('sha256', digests.join(' '));

/** Replaces and deletes extracts, in the transaction of the run that decided so. */
export async function writeExtracts(db: Transaction<Tables>, { fresh, needed }: ExtractChanges): Promise<void> {
  for (const one of fresh) await replace(db, one);
  if (!needed) return;
  const stored = await db.selectFrom('extracts').select('source').execute();
  const others = stored.map(row => row.source).filter(source => !needed.includes(sourceName(source)));
  for (const source of others) await remove(db, source);
}

/** Parts that are the same stay: a source that says what it said last time costs one row, however much it knows. */
async function replace(db: Transaction<Tables>, { extract, at, fingerprint }: StoredExtract): Promise<void> {
  const { source, rows } = extract;
  const parts = db.selectFrom('extract_parts').select(['place', 'digest']).where('source', '=', source);
  const before = new Map((await parts.execute()).map(row => [row.place, row.digest]));
  const digests: string[] = [];
  for (const { kind, text } of partsOf(extract)) {
    const place = digests.length;
    const digest = partDigest(kind, text);
    digests.push(digest);
    if (before.get(place) === digest) continue;
    const content = deflateSync(text, { level: constants.Z_BEST_SPEED });
    await db.deleteFrom('extract_parts').where('source', '=', source).where('place', '=', place).execute();
    await db.insertInto('extract_parts').values({ source, place, kind, digest, content }).execute();
  }
  await db.deleteFrom('extract_parts').where('source', '=', source).where('place', '>=', digests.length).execute();
  await db.deleteFrom('extracts').where('source', '=', source).execute();
  const { people, departments, memberships } = rows;
  const head = { source, at: at.getTime(), fingerprint, people, departments, memberships };
  await db
    .insertInto('extracts')
    .values({ ...head, digest: wholeDigest(digests) })
    .execute();
}

async function remove(db: Transaction<Tables>, source: string): Promise<void> {
  await db.deleteFrom('extract_parts').where('source', '=', source).execute();
  await db.deleteFrom('extracts').where('source', '=', source).execute();
}

/** Takes the records about a person out of all stored extracts; tells how many those are. */
export async function eraseRecords(
  db: Kysely<Tables>,
  traces: Traces,
  write: Transaction<Tables> | undefined,
): Promise<number> {
  let count = 0;
  for (const { source } of await extracts(db).heads()) {
    const stored = await extracts(db).get(source);
    if (!stored) continue;
    const { left, count: erased } = withoutPerson(stored.extract, traces);
    if (erased > 0 && write) await replace(write, { ...stored, extract: left });
    count += erased;
  }
  return count;
}

/** What was read stays counted: a source is measured by that. */
function withoutPerson(extract: Extract, traces: Traces): { left: Extract; count: number } {
  const { source, people, memberships } = extract;
  const gone = new Set(people.filter(record => isAbout(record, source, traces)));
  const own = new Set([...gone].flatMap(({ key, fields }) => [key, fields.username?.trim() ?? '']));
  if (splitKey(traces.key).source === source) own.add(splitKey(traces.key).own);
  const isTheirs = (person: string) => person !== '' && (own.has(person) || traces.usernames.has(fold(person)));
  const members = memberships.filter(({ person }) => !isTheirs(person));
  const problems = cleansed(extract.problems, traces);
  return {
    left: {
      ...extract,
      people: people.filter(record => !gone.has(record)),
      memberships: members,
      problems: problems.left,
    },
    count: gone.size + memberships.length - members.length + problems.count,
  };
}

interface Part {
  readonly kind: ExtractPartKind;
  /** A JSON array. */
  readonly text: string;
}

/** Each kind has a part even where there are no records, but for departments that the source does not list. */
function* partsOf({ people, departments, memberships, problems }: Extract): Generator<Part> {
  yield* cut('people', people);
  if (departments) yield* cut('departments', departments);
  yield* cut('memberships', memberships);
  yield* cut('problems', problems);
}

function* cut(kind: ExtractPartKind, records: readonly unknown[]): Generator<Part> {
  let some: string[] = [];
  let size = 0;
  for (const record of records) {
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text);
    if (some.length > 0 && size + bytes > PART) {
      yield { kind, text: `[${some.join()}]` };
      some = [];
      size = 0;
    }
    some.push(text);
    size += bytes;
  }
  yield { kind, text: `[${some.join()}]` };
}
