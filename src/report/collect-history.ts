import { membershipChanges } from '../roster/compare.ts';
import { type Person, splitKey } from '../roster/model.ts';
import type { Snapshots, Store } from '../store/store.ts';
import { eventOf } from '../views/difference.ts';
import { personSteps, type Step } from '../views/history.ts';
import { maskEmails } from '../views/mask.ts';
import { sizeOf } from './choice.ts';
import { reasonOf } from './collect-diff.ts';
import { type DiffData, LIMITS, type StepData } from './data.ts';

/** Where people's histories are looked up. */
export interface Archive {
  readonly store: Store;
  readonly snapshots: Pick<Snapshots, 'get'>;
}

/** What happened to whoever was known by a username, oldest first; empty when nobody ever was. */
export async function historyOf({ store, snapshots }: Archive, username: string): Promise<StepData[]> {
  const steps = await personSteps(await store.people.history(username), snapshots);
  return steps.map(stepData);
}

function stepData({ number, snapshot, change }: Step<Person>): StepData {
  const moved = membershipChanges(change);
  const codes = (event: 'added' | 'removed') => moved.filter(one => one.event === event).map(one => one.group_no);
  return {
    snapshot: number,
    at: snapshot?.at.toISOString(),
    event: eventOf(change),
    fields: change.event === 'modified' ? change.fields : [],
    joined: codes('added'),
    left: codes('removed'),
    source: splitKey(change.key as Person['key']).source,
    reason: reasonOf(change),
  };
}

/** A few bytes less than that and nobody's history fits. */
const LEAST = 200;

/**
 * The histories of people in a diff, as far as there is room: of those first whom it lists as gone, renamed or changed, for
 * those who came have hardly any, then of those who only moved. Where emails are hidden, two whose names would then be the
 * same are left out, for nobody could tell whose it is.
 */
export async function histories(
  archive: Archive,
  diff: DiffData,
  masked: boolean,
): Promise<Record<string, StepData[]>> {
  const found = new Map<string, StepData[]>();
  const shared = sharedNames(diff, masked);
  let room: number = LIMITS.histories;
  for (const username of namesIn(diff)) {
    if (room < LEAST) break;
    const name = masked ? maskEmails(username) : username;
    if (shared.has(name)) continue;
    const steps = await historyOf(archive, username);
    const size = sizeOf([name, steps]);
    if (size > room) continue;
    found.set(name, steps);
    room -= size;
  }
  // Not by assignment: somebody may be called __proto__.
  return Object.fromEntries(found);
}

function namesIn({ people, memberships }: DiffData): Set<string> {
  const known = people.filter(one => one.event !== 'added');
  const fresh = people.filter(one => one.event === 'added');
  return new Set([...known, ...memberships, ...fresh].map(one => one.username));
}

/** What several people would be called. */
function sharedNames(diff: DiffData, masked: boolean): ReadonlySet<string> {
  if (!masked) return new Set();
  const names = Map.groupBy(namesIn(diff), maskEmails);
  return new Set([...names].filter(([, those]) => those.length > 1).map(([name]) => name));
}
