import { fold } from '../src/roster/fold.ts';
import { isErased } from '../src/roster/known.ts';
import { type Person, type PersonKey, storedKey } from '../src/roster/model.ts';
import { isStillListed, type Traces, tracesOf } from '../src/roster/traces.ts';
import { extractsOf, type PulledSource } from '../src/runs/pull.ts';
import type { Hold, Store, Version } from '../src/store/store.ts';
import { Failed, NotFound, UsageError } from './exit.ts';
import { hintForPerson } from './text/hints.ts';

/** Somebody whose data may be erased. */
export interface Leaver {
  readonly key: PersonKey;
  /** The username; of somebody who was never served, what they were asked for by. */
  readonly name: string;
  /** Every form that they had, oldest first. */
  readonly forms: readonly Version<Person>[];
  readonly traces: Traces;
}

/** What could not be erased from the store's file, because somebody was reading it, goes: pruning does that besides. */
export async function finishPurges(store: Store): Promise<void> {
  await store.prune({ snapshots: [], before: new Date(0) }, { dryRun: false });
}

/**
 * Whoever has this name as their key, else as their username, else as their login; else those who were never served, by what
 * runs said about them. Undefined for somebody who was purged before. Throws NotFound, or a UsageError for a name of several.
 */
export async function leaverNamed(store: Store, name: string): Promise<Leaver | undefined> {
  const [key, ...others] = await store.keysNamed(name);
  if (key === undefined) {
    if (await wasPurged(store, name)) return undefined;
    throw new NotFound(`nobody was ever known as "${name}"${await hintForPerson(name, store)}`);
  }
  if (others.length > 0) {
    throw new UsageError(
      `several people went by "${name}": ${[key, ...others].join(', ')}; give the key of one of them`,
    );
  }
  const [latest] = await store.people.latest([key]);
  const forms = latest ? await formsOf(store, latest.value) : [];
  const traces = tracesOf(key, forms, await store.namesOf(key));
  return { key, name: latest?.value.username ?? name, forms, traces };
}

const formsOf = async (store: Store, { key, username }: Person) =>
  (await store.people.history(username)).filter(form => form.value.key === key);

/** Whether hashes are all that is left of somebody. */
async function wasPurged(store: Store, name: string): Promise<boolean> {
  const names = [fold(name)];
  const { byKey, byUsername, byEmail } = await store.ledger({
    keys: [storedKey(name)],
    usernames: names,
    emails: names,
  });
  const owners = [
    ...[...byUsername.values()].map(one => one.key as string),
    ...byKey.values(),
    ...[...byEmail.values()].flat(),
  ];
  return owners.some(isErased);
}

/** Throws Failed for somebody who is served, or would be if a hold were approved. */
export async function refuseServed(store: Store, leaver: Leaver): Promise<void> {
  const { key, name, forms } = leaver;
  if ((await store.people.load([key])).length > 0) {
    throw new Failed(`"${name}" is served; who is to be purged has to leave first, in all sources`);
  }
  const pin = await store.pins.current();
  if (pin && forms.some(({ first, last }) => first <= pin.snapshot && pin.snapshot <= (last ?? first))) {
    throw new Failed(
      `"${name}" is served, in snapshot ${pin.snapshot}, which is pinned; "rosterd unpin --yes" ends that`,
    );
  }
  const hold = await store.holds.open();
  if (hold && (await isHeld(store, hold, leaver))) {
    throw new Failed(
      `the candidate of hold ${hold.number} has "${name}"; "rosterd review" shows it: decide about it first`,
    );
  }
}

async function isHeld(store: Store, { number }: Hold, { key, traces }: Leaver): Promise<boolean> {
  const { people } = await store.holds.candidate(number);
  const names = people.after.map(entry => entry.load().value);
  return names.some(
    one =>
      one.key === key ||
      [one.username, one.login].some(text => traces.usernames.has(fold(text))) ||
      traces.emails.has(fold(one.email)),
  );
}

/** Throws Failed for somebody whom a source still has, active or not, and when a source could not be read. */
export function refuseListed(pulled: readonly PulledSource[], { name, traces }: Leaver): void {
  const [unread] = pulled.filter(one => one.problem !== undefined);
  if (unread) {
    throw new Failed(
      `source ${unread.read.source} cannot be read, so nobody can tell whether it still has "${name}": ${unread.problem?.text}; purge them when it can be`,
    );
  }
  const having = extractsOf(pulled).flatMap(({ source, people }) =>
    people.some(record => isStillListed(record, source, traces)) ? source : [],
  );
  if (having.length === 0) return;
  const which = having.length === 1 ? `source ${having[0]} still has` : `sources ${having.join(', ')} still have`;
  throw new Failed(
    `${which} "${name}", by key, username or email; what is purged here would come back with the next run: delete it there first`,
  );
}
