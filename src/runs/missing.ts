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
