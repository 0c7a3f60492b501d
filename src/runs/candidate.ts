import type { Candidate } from '../roster/candidate.ts';
import { check, type Differing, type Drafted, draft } from '../roster/check.ts';
import type { SourcePlan } from '../roster/drafts.ts';
import { fold } from '../roster/fold.ts';
import type { Known, Stored } from '../roster/known.ts';
import { merge } from '../roster/merge.ts';
import type { Department, GroupNo, PersonKey } from '../roster/model.ts';
import { ProblemList } from '../roster/problems.ts';
import type { Rules } from '../roster/tidy.ts';
import type { Store } from '../store/store.ts';
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
}

/** Merge and check. Only of those whose content differs from what is served is anything read from the store. */
export async function prepare(pulled: Pulled, { store, plans, rules }: Settings): Promise<Prepared> {
  const problems = new ProblemList();
  for (const one of excusesOf(pulled)) problems.add(one);
  const merged = merge(extractsOf(pulled), plans, problems);
  const drafted = draft(merged, rules, problems);
  const { changed, fresh, gone } = await differing(drafted, store);
  const known = await knownOf(drafted, { changed, fresh, gone }, store);
  const order = plans.map(plan => plan.name);
  return {
    candidate: check({ merged, drafted, differing: { changed, fresh }, known, rules, problems, order }),
    known,
    problems,
  };
}

interface Split extends Differing {
  /** Served, without a record under their key. */
  readonly gone: readonly PersonKey[];
}

async function differing(drafted: ReadonlyMap<PersonKey, Drafted>, store: Store): Promise<Split> {
  const fresh = new Set(drafted.keys());
  const changed: PersonKey[] = [];
  const gone: PersonKey[] = [];
  for await (const page of store.people.head()) {
    for (const served of page) {
      const key = served.key as PersonKey;
      const one = drafted.get(key);
      if (one === undefined) gone.push(key);
      // A broken field looks at what is served even where the rest happens to be the same.
      else if (one.leaf !== served.leaf || one.broken.length > 0) changed.push(key);
      fresh.delete(key);
    }
  }
  return { changed, fresh: [...fresh], gone };
}

async function knownOf(
  drafted: ReadonlyMap<PersonKey, Drafted>,
  { changed, fresh, gone }: Split,
  store: Store,
): Promise<Known> {
  const newcomers = fresh.flatMap(key => drafted.get(key)?.person ?? []);
  return {
    incumbents: new Map((await store.people.load(changed)).map(stored => [stored.value.key, stored])),
    gone: await store.people.load(gone),
    departments: await departments(store),
    ledger: await store.ledger({
      keys: fresh,
      usernames: newcomers.map(person => fold(person.login)),
      emails: newcomers.map(person => fold(person.email)),
    }),
  };
}

async function departments(store: Store): Promise<Map<GroupNo, Stored<Department>>> {
  const codes: string[] = [];
  for await (const page of store.departments.head()) codes.push(...page.map(entry => entry.key));
  return new Map((await store.departments.load(codes)).map(stored => [stored.value.group_no, stored]));
}
