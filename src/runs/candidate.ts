import type { Candidate } from '../roster/candidate.ts';
import { check, type Differing, type Drafted, draft, setAside, takeRivals, wantedBy } from '../roster/check.ts';
import {
  type ClientDeliveries,
  deliveredWords,
  type Held,
  holdersOf,
  oldestOf,
  placesOf,
  strangers,
  wantedEmails,
} from '../roster/delivered.ts';
import type { SourcePlan } from '../roster/drafts.ts';
import { type Delivered, isErased, type Known, NOTHING_DELIVERED, type Stored } from '../roster/known.ts';
import { type Merged, merge } from '../roster/merge.ts';
import { type Department, type GroupNo, groupNo, type Person, type PersonKey, type Username } from '../roster/model.ts';
import { ProblemList } from '../roster/problems.ts';
import { Steady } from '../roster/steady.ts';
import type { Rules } from '../roster/tidy.ts';
import { DEPARTMENT_WAITS } from '../roster/tree.ts';
import type { Store } from '../store/store.ts';
import { headOf } from './intake.ts';
import { excusesOf, extractsOf, type Pulled } from './pull.ts';

/** A candidate with what it was made from: who was there before, and what is wrong with it. */
export interface Prepared {
  readonly candidate: Candidate;
  readonly known: Known;
  readonly problems: ProblemList;
}

interface Settings {
  readonly store: Store;
  readonly plans: readonly SourcePlan[];
  readonly rules: Rules;
  /** Whose deliveries count; absent: those of all clients. */
  readonly clients?: readonly string[] | undefined;
}

/** Merge and check. Only of people whose content differs from what is served is anything read from the store. */
export async function prepare(pulled: Pulled, settings: Settings): Promise<Prepared> {
  const { store, plans, rules } = settings;
  const problems = new ProblemList();
  for (const one of excusesOf(pulled)) problems.add(one);
  const lean = pulled.find(one => one.lean)?.lean;
  const newcomers = lean?.newcomers;
  const aside = [lean?.steady, newcomers].flatMap(some => [...(some?.departments ?? [])]);
  const merged = merge(extractsOf(pulled), plans, problems, aside);
  if (lean) problems.addAll(lean.notes);
  const drafted = draft(merged, rules, problems);
  if (newcomers) takeRivals(drafted, newcomers);
  const steady = lean?.steady ?? new Steady(await headOf(store));
  const differing = setAside(drafted, steady);
  const known = await knownOf({ merged, drafted, differing }, settings);
  const rivals = (await store.people.load(steady.rivals(wantedBy(drafted, known)))).map(({ value }) => value);
  const order = plans.map(plan => plan.name);
  return {
    candidate: check({ merged, drafted, differing, steady, newcomers, rivals, known, rules, problems, order }),
    known,
    problems,
  };
}

interface Asking {
  readonly merged: Merged;
  readonly drafted: ReadonlyMap<PersonKey, Drafted>;
  readonly differing: Differing;
}

async function knownOf({ merged, drafted, differing }: Asking, { store, clients }: Settings): Promise<Known> {
  const incumbents = await store.people.load(differing.changed);
  const gone = await store.people.load(differing.gone);
  const served = await departments(store);
  const people = [...incumbents, ...gone].map(stored => stored.value);
  const newcomers = differing.fresh.flatMap(key => drafted.get(key)?.person ?? []);
  const wanted = wantedEmails({ incumbents: people, newcomers, drafted });
  const ledger = await store.ledger({
    keys: differing.fresh,
    usernames: newcomers.map(person => person.login),
    emails: wanted.map(one => one.email),
  });
  const deliveries = await lastDeliveries(store, clients);
  const names = strangers(wanted, { ledger, served: people });
  const past = names.size === 0 ? deliveries : await allDeliveries(store, deliveries);
  const histories = await historiesOf(names, store);
  const { emails, left } = holdersOf({ ledger, served: people, histories, deliveries: past });
  return {
    incumbents: new Map(incumbents.map(stored => [stored.value.key, stored])),
    gone,
    departments: served,
    ledger,
    former: await formerOf([...ledger.byKey.keys()], store),
    left,
    delivered: { ...(await deliveredDepartments(served, merged, { store, deliveries })), emails },
  };
}

/** What each client got last. */
async function lastDeliveries(store: Store, clients: readonly string[] | undefined): Promise<ClientDeliveries[]> {
  const last = await store.deliveries.lastOfEach();
  return last
    .filter(({ client }) => clients === undefined || clients.includes(client))
    .map(({ client, snapshot }) => ({ client, snapshots: [snapshot] }));
}

/** How far back an answer is looked for that had somebody in it: for weeks, at one every few minutes. */
const DELIVERIES = 10_000;

/** The same clients with all that they got. Only whoever had an email before and has it no more makes that matter. */
async function allDeliveries(store: Store, last: readonly ClientDeliveries[]): Promise<ClientDeliveries[]> {
  const all: ClientDeliveries[] = [];
  for (const { client, snapshots } of last) {
    const before = await store.deliveries.finishedTo(client, DELIVERIES);
    all.push({ client, snapshots: [...new Set([...snapshots, ...before.map(one => one.snapshot)])] });
  }
  return all;
}

async function historiesOf(
  names: ReadonlySet<Username>,
  store: Store,
): Promise<Map<Username, readonly Held<Person>[]>> {
  const histories = new Map<Username, readonly Held<Person>[]>();
  for (const name of names) histories.set(name, isErased(name) ? [] : await store.people.history(name));
  return histories;
}

async function formerOf(keys: readonly PersonKey[], store: Store): Promise<Map<PersonKey, Person>> {
  const versions = keys.length === 0 ? [] : await store.people.latest(keys);
  return new Map(versions.map(({ value }) => [value.key, value]));
}

/** The departments that OMFLOW has or may have by now. They matter even when nothing changed: a delivery frees them. */
async function deliveredDepartments(
  served: ReadonlyMap<GroupNo, Stored<Department>>,
  merged: Merged,
  { store, deliveries }: { readonly store: Store; readonly deliveries: readonly ClientDeliveries[] },
): Promise<Omit<Delivered, 'emails'>> {
  const oldest = oldestOf(deliveries);
  if (oldest === undefined) return NOTHING_DELIVERED;
  const isListed = [...served.keys()].every(code => merged.departments.has(code));
  return {
    what: deliveredWords(deliveries),
    departments: placesOf(served, (await Array.fromAsync(store.departments.since(oldest))).flat()),
    waiting: isListed ? NOTHING_DELIVERED.waiting : await waitingSoFar(store),
  };
}

/** The departments that waited at the last good run. */
async function waitingSoFar(store: Store): Promise<Set<GroupNo>> {
  const good = await store.runs.newestGood();
  const waits = (good?.problems ?? []).filter(one => one.code === DEPARTMENT_WAITS);
  return new Set(waits.map(one => groupNo(one.key)));
}

async function departments(store: Store): Promise<Map<GroupNo, Stored<Department>>> {
  const codes: string[] = [];
  for await (const page of store.departments.head()) codes.push(...page.map(entry => entry.key));
  return new Map((await store.departments.load(codes)).map(stored => [stored.value.group_no, stored]));
}
