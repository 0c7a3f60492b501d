import { fold } from './fold.ts';
import {
  type BrokenField,
  type Extra,
  type Extract,
  PERSON_FIELDS,
  type PersonField,
  type PersonKey,
  type PersonRecord,
  type Problem,
  personKey,
  type SourceName,
} from './model.ts';
import { byBytes, sorted, sortedSet } from './order.ts';
import type { ProblemList } from './problems.ts';

/** How a source takes part in the merge. */
export interface SourcePlan {
  readonly name: SourceName;
  /** `create` sources bring people into being, `update` sources only enrich. */
  readonly action: 'create' | 'update';
  /** How a record joins a person of an earlier source. */
  readonly match: 'key' | 'email' | 'ad_no' | 'username';
  /** The only fields it may set; absent: all. Records are matched and known by the others all the same. */
  readonly fields: ReadonlySet<string> | undefined;
  /** Fields that it never sets, whatever `fields` says, although its records carry them: `email`, `extra.NAME`. */
  readonly withheld?: ReadonlySet<string> | undefined;
}

/** A person as the sources tell it, before any rule was applied. */
export interface Draft {
  readonly key: PersonKey;
  /** The first `create` source that has them. */
  readonly source: SourceName;
  /** False where the username is the identity, since the source's mapping has no key. */
  readonly keyed: boolean;
  fields: Readonly<Partial<Record<PersonField, string>>>;
  departments: readonly string[];
  extra: readonly Extra[];
  /** Where a field came from, if not from `source`. */
  from: Record<string, SourceName> | undefined;
  broken: readonly BrokenField[];
  /** What a record of an `update` source says that there is none of. */
  blanks?: readonly string[];
  /** The keys of records of later `create` sources that are about the same person: they may be served under one of them. */
  joined?: PersonKey[];
  /** How they would have joined a person of the sources before, had those listed one. */
  match?: Joining;
  /** What `create` sources say of a field that an `update` source was the first to fill. */
  outranked?: Partial<Record<PersonField, string>>;
}

export interface Joining {
  readonly by: SourcePlan['match'];
  /** The `create` sources that come before. */
  readonly earlier: readonly SourceName[];
  /** What it is matched by, where the source may not set that: their fields do not tell it then. */
  readonly hidden?: string;
}

/** The key that the source itself uses. */
export const ownKey = ({ key, source }: Draft) => key.slice(source.length + 1);

/** The records of one source, each person once. */
export interface Drafts {
  readonly active: Map<PersonKey, Draft>;
  readonly inactive: Map<PersonKey, Draft>;
}

/** Whether a source may set a field. A list of fields may name an extra as it is called, where no field is called so. */
export function maySet({ fields, withheld }: SourcePlan, field: string): boolean {
  if (withheld?.has(field)) return false;
  if (fields === undefined || fields.has(field)) return true;
  const extra = field.startsWith('extra.') ? field.slice('extra.'.length) : '';
  return fields.has(extra) && !FIELDS.includes(extra);
}

const FIELDS: readonly string[] = [...PERSON_FIELDS, 'departments'];

/** The people of one source with all that it says of them; rows that nobody can be known by go to `problems`. */
export function draftsOf(plan: SourcePlan, extract: Extract, problems: ProblemList): Drafts {
  const active = new Map<PersonKey, Draft>();
  const inactive = new Map<PersonKey, Draft>();
  const groups = maySet(plan, 'departments') ? membershipsByPerson(extract) : new Map();
  for (const record of extract.people) {
    if (isReadable(record.key)) collect(record.active ? active : inactive, toDraft(plan, record, record.key), groups);
  }
  const isKey = (own: string) => [active, inactive].some(some => some.get(personKey(plan.name, own))?.keyed);
  for (const record of extract.people) {
    if (isReadable(record.key)) continue;
    const own = withoutKey(plan, record);
    if (own === undefined) problems.add(nameless(plan, record));
    else if (isKey(own)) problems.add(keyless(plan, own));
    else collect(record.active ? active : inactive, toDraft(plan, record, own), groups);
  }
  // Two rows of one person, one of them a job that has ended: who is active anywhere in a source is active.
  for (const key of active.keys()) inactive.delete(key);
  for (const problem of unknownMembers(plan, groups, active, inactive)) problems.add(problem);
  return { active, inactive };
}

/** Bytes of a key that every store can keep. */
const LONGEST_KEY = 700;

/** Half a surrogate pair is nothing that a store could keep and find again. */
const isReadable = (own: string) => own !== '' && own.isWellFormed() && Buffer.byteLength(own) <= LONGEST_KEY;

const UNREADABLE_KEY: BrokenField = {
  field: 'key',
  why: `has half a character in it, or more than ${LONGEST_KEY} bytes`,
};

/** What a record without a key is known by: the username. One that only enriches needs no more than what it is matched by. */
function withoutKey({ action, match }: SourcePlan, { fields }: PersonRecord): string | undefined {
  const own = [(fields.username ?? '').trim()];
  if (action === 'update' && match !== 'key') own.push(fold(fields[match] ?? ''));
  return own.find(isReadable);
}

function toDraft(plan: SourcePlan, record: PersonRecord, own: string): Draft {
  const keyed = own === record.key;
  const draft: Draft = {
    key: personKey(plan.name, own),
    source: plan.name,
    keyed,
    fields: record.fields,
    departments: record.departments,
    extra: record.extra,
    from: undefined,
    broken: keyed || record.key === '' ? record.broken : combined(record.broken, [UNREADABLE_KEY]),
  };
  if (record.blanks && plan.action === 'update') draft.blanks = record.blanks;
  return draft;
}

function collect(drafts: Map<PersonKey, Draft>, draft: Draft, memberships: ReadonlyMap<string, string[]>): void {
  enlist(draft, memberships);
  const known = drafts.get(draft.key);
  if (known) combine(known, draft);
  else drafts.set(draft.key, draft);
}

function enlist(draft: Draft, memberships: ReadonlyMap<string, readonly string[]>): void {
  const groups = memberships.get(ownKey(draft));
  if (groups) draft.departments = draft.departments.length === 0 ? groups : [...draft.departments, ...groups];
}

/**
 * Somebody of whom there is no other row, as `draftsOf` would tell them; undefined for a row that nobody can be known by.
 * `memberships` are by the source's own key.
 */
export function draftAlone(
  plan: SourcePlan,
  record: PersonRecord,
  memberships: ReadonlyMap<string, readonly string[]>,
): Draft | undefined {
  const own = isReadable(record.key) ? record.key : withoutKey(plan, record);
  if (own === undefined) return undefined;
  const draft = toDraft(plan, record, own);
  enlist(draft, memberships);
  return draft;
}

/**
 * Two rows of one source with the same key: a join over departments gives such rows, and then they differ in nothing
 * else. Where they do differ, neither row is to be believed: the field counts as broken.
 */
function combine(known: Draft, other: Draft): void {
  known.departments = [...known.departments, ...other.departments];
  const broken = combined(known.broken, other.broken);
  for (const field of PERSON_FIELDS) {
    const [a, b] = sorted([known.fields[field] ?? '', other.fields[field] ?? '']);
    if (a === b) continue;
    contradict(broken, field, [a, b]);
    known.fields = { ...known.fields, [field]: b ?? '' };
  }
  known.extra = combinedExtra(known.extra, other.extra, broken);
  known.broken = broken;
  if (other.blanks) known.blanks = [...(known.blanks ?? []), ...other.blanks];
}

function contradict(broken: BrokenField[], field: string, [a, b]: readonly (string | undefined)[]): void {
  if (broken.some(one => one.field === field)) return;
  broken.push({ field, why: `two rows with the same key say "${a}" and "${b}"` });
}

function combinedExtra(known: readonly Extra[], other: readonly Extra[], broken: BrokenField[]): Extra[] {
  const [before, after] = [new Map(known), new Map(other)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(byBytes);
  return names.flatMap((name): Extra[] => {
    const [a = '', b = ''] = sorted([before.get(name) ?? '', after.get(name) ?? '']);
    if (a !== b) contradict(broken, `extra.${name}`, [a, b]);
    return [[name, a === '' ? b : a]];
  });
}

function membershipsByPerson(extract: Extract): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { person, group_no } of extract.memberships) {
    const list = groups.get(person);
    if (list) list.push(group_no);
    else groups.set(person, [group_no]);
  }
  return groups;
}

/** What a broken field of a record says about the record alone, not about the person whom it enriches. */
export const OF_THE_RECORD: readonly string[] = ['key', 'active'];

/** A field is broken once, however many rows say so. */
export function combined(known: readonly BrokenField[], others: readonly BrokenField[]): BrokenField[] {
  return [...known, ...others.filter(other => !known.some(one => one.field === other.field))];
}

function unknownMembers(
  plan: SourcePlan,
  groups: ReadonlyMap<string, readonly string[]>,
  active: ReadonlyMap<PersonKey, Draft>,
  inactive: ReadonlyMap<PersonKey, Draft>,
): Problem[] {
  const strangers = sorted(groups.keys()).filter(own => {
    const key = personKey(plan.name, own);
    return !active.has(key) && !inactive.has(key);
  });
  return strangers.map(own => ({
    code: 'member_unknown',
    effect: 'dropped',
    source: plan.name,
    kind: 'membership',
    key: personKey(plan.name, own),
    name: own,
    text: `member "${own}" of ${sortedSet(groups.get(own) ?? []).join(', ')} is nobody that the source lists`,
  }));
}

/** A row that brings somebody into being is kept out; one that would only enrich is left out, and nobody misses anything. */
const skipped = ({ action }: SourcePlan) => (action === 'update' ? 'dropped' : 'quarantined');

function nameless(plan: SourcePlan, { fields }: PersonRecord): Problem {
  const isUpdate = plan.action === 'update';
  const lacks =
    isUpdate && plan.match !== 'key' && plan.match !== 'username'
      ? `no key, no username and no ${plan.match} to be matched by`
      : 'neither key nor username';
  return {
    code: isUpdate ? 'update_unmatched' : 'username_missing',
    effect: skipped(plan),
    source: plan.name,
    kind: 'person',
    key: '',
    name: fields.email ?? '',
    text: `a row has ${lacks}${fields.email ? ` (email "${fields.email}")` : ''}`,
  };
}

const keyless = (plan: SourcePlan, own: string): Problem => ({
  code: 'key_missing',
  effect: skipped(plan),
  source: plan.name,
  kind: 'person',
  key: '',
  name: own,
  text: `a row without a key has the username "${own}", which is the key of somebody else`,
});
