import { NO_CHANGES } from '../../src/roster/compare.ts';
import { leaf, personContent, rosterDigest } from '../../src/roster/leaf.ts';
import type { Digest, Person, Snapshot } from '../../src/roster/model.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { NewRow, Publication, Store } from '../../src/store/store.ts';

const DAY = 86_400_000;

/**
 * Publishes a snapshot a day straight into the store, in each of which one person in a hundred has another telephone number:
 * what a year of runs would leave there, in a minute.
 */
export async function publishDays(store: Store, days: number): Promise<void> {
  const people = await keysAndLeaves(store, 'people');
  const departments = [...(await keysAndLeaves(store, 'departments')).values()];
  for (let day = 1; day <= days; day += 1) {
    const newest = await store.snapshots.newest();
    if (!newest) throw new Error('there is no snapshot to go on from');
    const fresh = await changedPeople(
      store,
      [...people.keys()].filter((_, place) => place % 100 === day % 100),
      day,
    );
    for (const { row } of fresh) people.set(row.key, row.leaf);
    await publish(store, publicationAfter(newest, fresh, rosterDigest(departments, people.values())));
  }
}

/** Of all that hold now, in key order. */
async function keysAndLeaves(store: Store, kind: 'people' | 'departments'): Promise<Map<string, Digest>> {
  const all = new Map<string, Digest>();
  for await (const page of store[kind].head()) for (const { key, leaf: own } of page) all.set(key, own);
  return all;
}

interface Changed {
  readonly person: Person;
  readonly row: NewRow;
}

async function changedPeople(store: Store, keys: readonly string[], day: number): Promise<Changed[]> {
  return (await store.people.load(keys)).map(({ value, from }) => {
    const person = { ...value, phone1: `${day}-${value.phone1}`.slice(0, 20) };
    const content = personContent(person);
    return { person, row: { key: person.key, name: person.username, content, leaf: leaf(content), from } };
  });
}

function publicationAfter(newest: Snapshot, fresh: readonly Changed[], digest: Digest): Publication {
  const { people, departments, memberships } = newest;
  return {
    number: snapshotNumber(newest.number + 1),
    digest,
    counts: { people, departments, memberships },
    changes: { ...NO_CHANGES, people_modified: fresh.length },
    people: {
      ended: fresh.map(({ row }) => ({ key: row.key, removal: undefined })),
      fresh: fresh.map(({ row }) => row),
    },
    departments: { ended: [], fresh: [] },
    names: fresh.map(({ person: { key, username, email } }) => ({ key, username, email })),
  };
}

async function publish(store: Store, publication: Publication): Promise<void> {
  const at = new Date(Date.UTC(2026, 0, 1) + publication.number * DAY);
  const run = await store.runs.begin({ cause: 'schedule', at, fingerprint: 'bench' });
  const outcome = { status: 'published', snapshot: publication.number, changes: publication.changes } as const;
  await store.runs.finish(run, { at, outcome, report: { sources: [], problems: [], counts: [] }, publication });
}
