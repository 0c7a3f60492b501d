import type { Candidate } from '../roster/candidate.ts';
import type { SourcePlan } from '../roster/drafts.ts';
import type { Removal } from '../roster/known.ts';
import type { Problem, SourceName } from '../roster/model.ts';
import { sortedSet } from '../roster/order.ts';
import type { Source } from '../sources/source.ts';
import type { Pulled } from './pull.ts';

/** Somebody or something that would go without having been marked as left. */
export interface Missing {
  readonly kind: 'person' | 'department';
  readonly key: string;
  /** That of the key, or of the department. */
  readonly source: SourceName;
}

/** Who and what would go without having been marked as left: believed only when a second read says the same. */
export function missing({ removedPeople, removedDepartments }: Candidate): Missing[] {
  const list = (removed: ReadonlyMap<string, Removal>, kind: Missing['kind']) =>
    [...removed].flatMap(([key, { reason, source }]) => (reason === 'missing' ? [{ kind, key, source }] : []));
  return [...list(removedDepartments, 'department'), ...list(removedPeople, 'person')];
}

interface Read {
  readonly sources: readonly Source[];
  readonly plans: readonly SourcePlan[];
}

/**
 * The sources to read again for those who are missing: whichever may have forgotten them just now. Nobody goes while any
 * `create` source lists them, and a department may be in any source. A stored extract says the same every time.
 */
export function doubted(missings: readonly Missing[], pulled: Pulled, { sources, plans }: Read): Source[] {
  const kinds = new Set(missings.map(one => one.kind));
  const read = new Set(pulled.flatMap(one => (one.read.state === 'read' ? one.read.source : [])));
  const creates = new Set(plans.flatMap(plan => (plan.action === 'create' ? plan.name : [])));
  return sources.filter(
    ({ name }) => read.has(name) && (kinds.has('department') || (kinds.has('person') && creates.has(name))),
  );
}

/**
 * Sources of which people are missing while more of their rows than at the last good run can be known by nobody: a row that
 * lost its key or its email may be about any of those who seem to be gone.
 */
export function unclear(
  missings: readonly Missing[],
  { now, before }: { readonly now: readonly Problem[]; readonly before: readonly Problem[] },
): Problem[] {
  const nameless = (problems: readonly Problem[], source: SourceName) =>
    problems.filter(one => one.code === 'username_missing' && one.source === source).length;
  const people = missings.filter(one => one.kind === 'person');
  return sortedSet(people.map(one => one.source)).flatMap(source => {
    const more = nameless(now, source) - nameless(before, source);
    const gone = people.filter(one => one.source === source).length;
    if (more <= 0) return [];
    const [rows, them] = [more === 1 ? '1 row' : `${more} rows`, gone === 1 ? '1 person is' : `${gone} people are`];
    const text = `${rows} more than before can be known by nobody, and ${them} missing: they may be the same; put the rows right, so that each has its key, username or email`;
    return { code: 'missing_unclear', effect: 'failed', source, kind: 'source', key: '', name: source, text };
  });
}

/** What two reads of some sources do not agree on. */
export function changing(
  { first, second }: { readonly first: readonly Missing[]; readonly second: readonly Missing[] },
  reread: readonly Source[],
): Problem[] {
  const names = new Set(reread.map(source => source.name));
  // Who is known by the key of a source that was not read again was listed by another one.
  const culprit = ({ source }: Missing): SourceName | '' => (names.has(source) ? source : '');
  const listed = (missings: readonly Missing[], source: SourceName | '') =>
    sortedSet(missings.filter(one => culprit(one) === source).map(({ kind, key }) => `${kind} ${key}`));
  return sortedSet([...first, ...second].map(culprit)).flatMap(source => {
    const [before, after] = [listed(first, source), listed(second, source)];
    return before.join('\n') === after.join('\n') ? [] : disagreement(source, before.length, after.length);
  });
}

function disagreement(source: SourceName | '', before: number, after: number): Problem {
  const [subject, again] =
    source === '' ? ['the sources are changing while they are', 'they were'] : ['is changing while it is', 'it was'];
  return {
    code: 'source_changing',
    effect: 'failed',
    source,
    kind: source === '' ? 'roster' : 'source',
    key: '',
    name: source,
    text: `${subject} read: ${before} were missing at first, ${after} when ${again} read again`,
  };
}
