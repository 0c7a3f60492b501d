import type { Person } from '../src/roster/model.ts';
import { servedPerson, servedSnapshot } from '../src/runs/answers.ts';
import type { Store } from '../src/store/store.ts';
import { NotFound } from './exit.ts';
import { hintForPerson } from './text/hints.ts';

/**
 * Whoever has exactly this username in the served snapshot: nobody else can log in. Throws a NotFound that tells where they
 * are.
 */
export async function mustBeServed(username: string, store: Store): Promise<Person> {
  const person = await servedPerson(store, username);
  if (person) return person;
  const served = await servedSnapshot(store);
  const newest = await store.snapshots.newest();
  const waits = newest && newest.number !== served && (await store.people.named(username, newest.number));
  const hint = waits
    ? `; snapshot ${newest.number} has them, and waits because snapshot ${served} is pinned`
    : await hintForPerson(username, store);
  throw new NotFound(`nobody who is served has the username "${username}"${hint}`);
}
