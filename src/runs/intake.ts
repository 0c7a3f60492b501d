import { draftOne } from '../roster/check.ts';
import { type Draft, draftAlone, maySet, type SourcePlan } from '../roster/drafts.ts';
import { Head } from '../roster/head.ts';
import { restrict } from '../roster/merge-fields.ts';
import type {
  DepartmentRecord,
  Extract,
  MembershipRecord,
  Person,
  PersonKey,
  PersonRecord,
  Problem,
  SourceName,
} from '../roster/model.ts';
import { Newcomers } from '../roster/newcomers.ts';
import { ProblemList } from '../roster/problems.ts';
import { Steady } from '../roster/steady.ts';
import type { Rules } from '../roster/tidy.ts';
import type { Batch, Source } from '../sources/source.ts';
import type { Store } from '../store/store.ts';

/** Takes in what a source says, while it is read. */
export interface Intake {
  add(batch: Batch): void;
  /** What came of all of it; undefined when it has to be heard once more, by a new intake. */
  end(): Taken | undefined;
}

/** What came of one source. */
export interface Taken {
  readonly extract: Extract;
  /** Set when the extract has only those people in it who have to be looked at. */
  readonly lean?: Lean;
}

/** The people that are not in a lean extract. */
export interface Lean {
  readonly steady: Steady;
  readonly newcomers?: Newcomers | undefined;
  /** What there is to note of them. */
  readonly notes: ProblemList;
}

/** Keeps everything. */
export class WholeIntake implements Intake {
  readonly #source: SourceName;
  readonly #people: PersonRecord[] = [];
  readonly #memberships: MembershipRecord[] = [];
  readonly #problems: Problem[] = [];
  readonly #rows = { people: 0, departments: 0, memberships: 0 };
  #departments: DepartmentRecord[] | undefined;

  constructor(source: SourceName) {
    this.#source = source;
  }

  add(batch: Batch): void {
    if (batch.kind === 'problems') {
      this.#problems.push(...batch.problems);
      return;
    }
    this.#rows[batch.kind] += batch.rows;
    if (batch.kind === 'people') this.addPeople(batch.records);
    else if (batch.kind === 'memberships') this.addMemberships(batch.records);
    else this.#departments = this.#departments?.concat(batch.records) ?? [...batch.records];
  }

  end(): Taken | undefined {
    const [rows, problems, departments] = [this.#rows, this.#problems, this.#departments];
    const [people, memberships] = [this.#people, this.memberships()];
    return { extract: { source: this.#source, people, departments, memberships, rows, problems } };
  }

  protected addPeople(records: readonly PersonRecord[]): void {
    for (const record of records) this.keep(record);
  }

  protected addMemberships(records: readonly MembershipRecord[]): void {
    for (const record of records) this.#memberships.push(record);
  }

  protected memberships(): readonly MembershipRecord[] {
    return this.#memberships;
  }

  protected get kept(): readonly PersonRecord[] {
    return this.#people;
  }

  protected keep(record: PersonRecord): void {
    this.#people.push(record);
  }
}

/** What is learned about a source that matters the next time, too. */
export interface Habits {
  /** People who have several rows: none of them tells all of somebody. */
  readonly several: Set<PersonKey>;
  /** Whether rows with and without keys are mixed up in it: then all of them have to be looked at together. */
  isMixed: boolean;
}

/** Whose sources are taken in. */
export interface Household {
  readonly sources: readonly Source[];
  /** Those that something may stand in for: of these everything is kept. */
  readonly standIns: ReadonlyMap<SourceName, unknown>;
  readonly plans: readonly SourcePlan[];
  readonly rules: Rules;
  readonly store: Store;
  /** What was learned about the sources; absent: it is learned anew. */
  readonly habits?: Habits | undefined;
  /** True where nobody asks who was added by a first roster: they are counted, but not among the changes of its run. */
  readonly isQuiet?: boolean | undefined;
}

/** How often a source is read with only a look at its people, before all of them are kept. */
const LOOKS = 2;

/** Gives what takes in each source, which may be asked for it several times. */
export async function intakesFor({
  habits = NO_HABITS(),
  isQuiet = false,
  ...house
}: Household): Promise<(source: Source) => Intake> {
  const [source, ...others] = house.sources;
  const plan = house.plans.find(one => one.name === source?.name);
  const isLean =
    source?.peopleLast && others.length === 0 && plan?.action === 'create' && !house.standIns.has(plan.name);
  if (!isLean || habits.isMixed) return ({ name }) => new WholeIntake(name);
  const { rules, store } = house;
  const head = await headOf(store);
  const isFirst = isQuiet && (await store.snapshots.newest()) === undefined;
  let looks = 0;
  return ({ name }) => {
    looks += 1;
    if (looks > LOOKS || habits.isMixed) return new WholeIntake(name);
    return new LeanIntake({ plan, rules, head, habits, isFirst });
  };
}

const NO_HABITS = (): Habits => ({ several: new Set(), isMixed: false });

/** Everybody who is served, as far as it takes to tell whether they still are so. */
export async function headOf({ people, snapshots }: Store): Promise<Head> {
  const head = new Head((await snapshots.newest())?.people);
  for await (const page of people.head()) for (const { key, leaf } of page) head.add(key, leaf);
  return head;
}

interface LeanSettings {
  readonly plan: SourcePlan;
  readonly rules: Rules;
  readonly head: Head;
  readonly habits: Habits;
  /** Whether there is no snapshot yet, and whoever is all right is to be packed. */
  readonly isFirst?: boolean;
}

/**
 * Looks at everybody as they come, and keeps only those who are not word for word as served: for the one source of a roster,
 * which gives its people last. What it cannot tell alone, it keeps for those who see all; and where a later row shows that it
 * was wrong about an earlier one, the source has to be read again, with that in mind.
 */
export class LeanIntake extends WholeIntake {
  readonly #settings: LeanSettings;
  readonly #steady: Steady;
  readonly #newcomers: Newcomers | undefined;
  readonly #notes = new ProblemList();
  /** By the source's own key, of those who have not come yet or are kept. */
  readonly #groups = new Map<string, string[]>();
  /** Of those who are served, or may be packed, who is kept. */
  readonly #kept = new Set<PersonKey>();
  /** Those with memberships who have left, and are not served any more: nobody needs to hear of them. */
  readonly #left = new Set<string>();
  /** The keys of rows without one that are kept: they are known by their usernames, which may be the keys of others. */
  readonly #keyless = new Set<PersonKey>();
  #leavesOut = false;
  #hasKeyless = false;
  #isWrong = false;

  constructor(settings: LeanSettings) {
    super(settings.plan.name);
    this.#settings = settings;
    this.#steady = new Steady(settings.head);
    this.#newcomers = settings.isFirst ? new Newcomers() : undefined;
  }

  override end(): Taken | undefined {
    const { habits } = this.#settings;
    if (this.#hasKeyless && this.#leavesOut) habits.isMixed = true;
    for (const key of this.#keyless) if (this.#isTaken(key)) this.#noteSeveral(key);
    if (this.#isWrong || habits.isMixed) return undefined;
    const taken = super.end();
    return taken && { ...taken, lean: { steady: this.#steady, newcomers: this.#newcomers, notes: this.#notes } };
  }

  protected override addPeople(records: readonly PersonRecord[]): void {
    const { plan, habits } = this.#settings;
    for (const record of records) {
      const draft = draftAlone(plan, record, this.#groups);
      const isKnown = draft !== undefined && !habits.several.has(draft.key);
      if (isKnown && this.#isSettled(record, draft)) continue;
      if (isKnown && !draft.keyed) this.#keyless.add(draft.key);
      this.keep(record);
    }
  }

  protected override addMemberships(records: readonly MembershipRecord[]): void {
    if (!maySet(this.#settings.plan, 'departments')) return;
    for (const { person, group_no } of records) {
      const groups = this.#groups.get(person);
      if (groups) groups.push(group_no);
      else this.#groups.set(person, [group_no]);
    }
  }

  protected override memberships(): readonly MembershipRecord[] {
    // Whoever has left in one row may be there in another.
    const listed = new Set(this.kept.map(one => one.key));
    for (const own of this.#left) if (!listed.has(own)) this.#groups.delete(own);
    return [...this.#groups].flatMap(([person, groups]) => groups.map(group_no => ({ person, group_no })));
  }

  /** Whether nobody else has to look at a row. */
  #isSettled(record: PersonRecord, draft: Draft): boolean {
    const { plan, rules } = this.#settings;
    if (!draft.keyed) this.#hasKeyless = true;
    if (!record.active) return draft.keyed && this.#isLeftOut(draft.key, record.key);
    if (this.#isTaken(draft.key)) {
      this.#noteSeveral(draft.key);
      return true;
    }
    const isNew = this.#newcomers !== undefined && draft.keyed;
    if (!(isNew || this.#steady.isServed(draft.key)) || this.#kept.has(draft.key)) return false;
    restrict(draft, plan);
    const notes: Problem[] = [];
    const { person, leaf, broken } = draftOne(draft, rules, { add: note => void notes.push(note) });
    if (broken.length > 0 || !(this.#steady.take(person, leaf) || this.#pack(person, isNew))) {
      this.#kept.add(draft.key);
      return false;
    }
    for (const note of notes) this.#notes.add(note);
    this.#groups.delete(ownKeyOf(draft.key, plan));
    return true;
  }

  #isTaken(key: PersonKey): boolean {
    return this.#steady.has(key) || this.#newcomers?.has(key) === true;
  }

  /** One row of theirs was taken for all that there is of them. */
  #noteSeveral(key: PersonKey): void {
    this.#settings.habits.several.add(key);
    this.#isWrong = true;
  }

  #pack(person: Person, isNew: boolean): boolean {
    if (isNew) this.#newcomers?.add(person);
    return isNew;
  }

  /** Who has left counts only as long as they are served. */
  #isLeftOut(key: PersonKey, own: string): boolean {
    if (this.#steady.isServed(key)) return false;
    this.#leavesOut = true;
    if (this.#groups.has(own)) this.#left.add(own);
    return true;
  }
}

const ownKeyOf = (key: PersonKey, { name }: SourcePlan) => key.slice(name.length + 1);
