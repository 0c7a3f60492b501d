import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Change } from '../../src/roster/compare.ts';
import { type Changes, type Drift, DriftCount, tollNow } from '../../src/roster/drift.ts';
import { fold } from '../../src/roster/fold.ts';
import type { Toll } from '../../src/roster/guard.ts';
import type { Form } from '../../src/roster/known.ts';
import { type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { department, person } from '../store/rosters.ts';

/**
 * What somebody is, snapshot after snapshot: `a` is there with the email a, `a@RD` is in a department besides, `-` is not
 * there. The last one is what the candidate makes of them.
 */
type Life = readonly string[];

interface Story {
  readonly people: readonly Life[];
  readonly departments: readonly Life[];
  /** The snapshot that the candidate is measured against, from 1. */
  readonly since: number;
  readonly approved: readonly number[];
}

const NOBODY = '-';
const emailOf = (state = NOBODY) => fold(state.split('@')[0] ?? '');
const departmentsOf = (state = NOBODY) => state.split('@').slice(1);
const isThere = (state = NOBODY) => state !== NOBODY;

const personAs = (key: string) => (state: string) =>
  person(key, { email: `${state.split('@')[0]}@corp.example`, departments: departmentsOf(state) });
const departmentAs = (code: string) => (state: string) => department(code, state);

/** What the store tells about somebody who has changed since. */
function formsOf<Value>(life: Life, since: number, made: (state: string) => Value): Form<Value>[] {
  const published = life.slice(0, -1);
  return published.flatMap((state, place) => {
    if (!isThere(state) || state === published[place - 1]) return [];
    const end = published.findIndex((other, at) => at > place && other !== state);
    const form = { value: made(state), first: snapshotNumber(place + 1) };
    if (end === -1) return form.first > since ? { ...form, last: undefined } : [];
    return end >= since ? { ...form, last: snapshotNumber(end) } : [];
  });
}

function changesOf<Value>(life: Life, key: string, made: (state: string) => Value): Change<Value>[] {
  const [was, is] = [life.at(-2) ?? NOBODY, life.at(-1) ?? NOBODY];
  if (was === is) return [];
  const loaded = (state: string) => ({ value: made(state), from: {} });
  if (!isThere(was)) return [{ event: 'added', key, after: loaded(is) }];
  if (!isThere(is)) return [{ event: 'removed', key, before: loaded(was) }];
  return [{ event: 'modified', key, before: loaded(was), after: loaded(is), fields: [] }];
}

const candidateOf = ({ people, departments }: Pick<Story, 'people' | 'departments'>): Changes => ({
  people: people.flatMap((life, place) => changesOf(life, `hr/${place}`, personAs(`hr/${place}`))),
  departments: departments.flatMap((life, place) => changesOf(life, `D${place}`, departmentAs(`D${place}`))),
});

const driftOf = (story: Story): Drift => ({
  since: snapshotNumber(story.since),
  candidate: candidateOf(story),
  approved: new Set<SnapshotNumber>(story.approved.map(snapshotNumber)),
});

/** What a whole story comes to; the store tells only of those who have changed. */
function tollSince(story: Story): Toll {
  const count = new DriftCount(driftOf(story));
  story.people.forEach((life, place) => {
    const forms = formsOf(life, story.since, personAs(`hr/${place}`));
    if (forms.length > 0) count.person(`hr/${place}`, forms);
  });
  story.departments.forEach((life, place) => {
    const forms = formsOf(life, story.since, departmentAs(`D${place}`));
    if (forms.length > 0) count.department(`D${place}`, forms);
  });
  return count.toll();
}

/** One life since the first snapshot, written with blanks between; what an approved snapshot did has a `!`. */
function told(text: string): Partial<Toll> {
  const marked = text.split(' ');
  const approved = marked.flatMap((state, place) => (state.endsWith('!') ? place + 1 : []));
  const life = marked.map(state => state.replace('!', ''));
  return happened(tollSince({ people: [life], departments: [], since: 1, approved }));
}

/** Only what there is any of. */
const happened = (toll: Toll): Partial<Toll> =>
  Object.fromEntries(Object.entries(toll).filter(([, count]) => count > 0));

const REMOVED = { people_removed: 1 };
const ADDED = { people_added: 1 };
const EMAIL = { emails_changed: 1 };
const NO_DEPARTMENT = { no_department: 1 };

describe('what became of somebody since a snapshot', () => {
  const table: readonly [name: string, life: string, toll: Partial<Toll>][] = [
    ['nothing', 'a a a', {}],
    ['removed by the candidate', 'a a -', REMOVED],
    ['removed before', 'a - - -', REMOVED],
    ['removed and come back', 'a - a a', {}],
    ['removed, and brought back by the candidate', 'a - a', {}],
    ['removed, come back and removed again', 'a - a -', REMOVED],
    ['removed with approval', 'a -! - -', {}],
    ['removed with approval, come back and removed again', 'a -! a - -', REMOVED],
    ['removed, come back and removed again with approval', 'a - a -! -', {}],
    ['changed with approval, and removed', 'a b! -', REMOVED],
    ['changed, and removed with approval', 'a b -! -', {}],
    ['another email', 'a b b', EMAIL],
    ['two other emails count once', 'a b c', EMAIL],
    ['another email and the old one again', 'a b a', {}],
    ['the same email in capitals', 'a A', {}],
    ['another email with approval', 'a b! b', {}],
    ['another email with approval, then by the candidate', 'a b! c', EMAIL],
    ['another email with approval, then without', 'a b! c c', EMAIL],
    ['another email, then one with approval', 'a b c! c', {}],
    ['another email with approval, the old one, and the other again', 'a b! a b b', EMAIL],
    ['another email, then something else with approval', 'a b b@RD! b@RD', EMAIL],
    ['another email with approval, then something else', 'a b! b@RD b@RD', {}],
    ['gone, and come back with another email', 'a - b', EMAIL],
    ['added by the candidate', '- a', ADDED],
    ['added before', '- - a a', ADDED],
    ['added and removed', '- a -', {}],
    ['added, removed and added again', '- a - b', ADDED],
    ['added with approval', '- a! a', {}],
    ['added with approval, then another email', '- a! b b', {}],
    ['added with approval, removed and added again', '- a! - a', ADDED],
    ['added without a department', '- a@RD a', ADDED],
    ['the last department lost', 'a@RD a', NO_DEPARTMENT],
    ['one of two departments lost', 'a@RD@S a@S', {}],
    ['one department after the other lost', 'a@RD@S a@S a', NO_DEPARTMENT],
    ['all departments lost and another one given', 'a@RD a a@S', {}],
    ['lost, regained and lost again', 'a@RD a a@S a', NO_DEPARTMENT],
    ['lost with approval', 'a@RD a! a', {}],
    ['lost with approval, then something else', 'a@RD a! b b', EMAIL],
    ['lost with approval, regained and lost again', 'a@RD a! a@RD a', NO_DEPARTMENT],
    ['none before, and none after', 'a a@RD a', {}],
    ['removed with all departments', 'a@RD -', REMOVED],
    ['department and email lost at once', 'a@RD b', { ...NO_DEPARTMENT, ...EMAIL }],
  ];
  for (const [name, life, toll] of table) test(`${name}: ${life}`, () => assert.deepEqual(told(life), toll));

  test('what was before that snapshot is forgotten', () => {
    const people = [['a', 'b', '-', 'c', 'c', 'c']];
    const since = (number: number) => happened(tollSince({ people, departments: [], since: number, approved: [] }));
    assert.deepEqual([1, 2, 3, 4, 5].map(since), [EMAIL, EMAIL, ADDED, {}, {}]);
  });
});

describe('what became of a department', () => {
  const table: readonly [name: string, life: Life, approved: readonly number[], removed: number][] = [
    ['removed', ['x', '-', '-'], [], 1],
    ['removed with approval', ['x', '-', '-'], [2], 0],
    ['removed and come back', ['x', '-', 'x'], [], 0],
    ['renamed', ['x', 'y', 'z'], [], 0],
    ['new', ['-', 'x', 'x'], [], 0],
    ['new and gone again', ['-', 'x', '-'], [], 0],
  ];
  for (const [name, life, approved, removed] of table) {
    test(name, () => {
      const toll = tollSince({ people: [], departments: [life], since: 1, approved });
      assert.deepEqual(happened(toll), removed === 0 ? {} : { departments_removed: removed });
    });
  }
});

/** By looking at every roster from the snapshot to the candidate, and back from there to where it came about. */
function naive({ people, departments, since, approved }: Story): Toll {
  const count = (lives: readonly Life[], fate: (was: string, is: string) => boolean) =>
    lives.filter(life => {
      const [first = NOBODY, ...later] = life.slice(since - 1);
      const states = [first, ...later];
      let at = later.length;
      if (!fate(first, states[at] ?? NOBODY)) return false;
      const cameAboutLater = (before = NOBODY, is = NOBODY) => fate(first, before) && !fate(before, is);
      while (cameAboutLater(states[at - 1], states[at])) at -= 1;
      return at === later.length || !approved.includes(since + at);
    }).length;
  return {
    people_removed: count(people, (was, is) => isThere(was) && !isThere(is)),
    departments_removed: count(departments, (was, is) => isThere(was) && !isThere(is)),
    no_department: count(
      people,
      (was, is) => isThere(is) && departmentsOf(was).length > 0 && departmentsOf(is).length === 0,
    ),
    emails_changed: count(people, (was, is) => isThere(was) && isThere(is) && emailOf(was) !== emailOf(is)),
    people_added: count(people, (was, is) => !isThere(was) && isThere(is)),
  };
}

const anyStory: fc.Arbitrary<Story> = fc.integer({ min: 2, max: 7 }).chain(length => {
  const lives = (...states: string[]) =>
    fc.array(fc.array(fc.constantFrom(...states), { minLength: length, maxLength: length }), { maxLength: 5 });
  return fc.record({
    people: lives('-', '-', 'a', 'A', 'b', 'c', 'a@RD', 'b@RD', 'b@RD@S'),
    departments: lives('-', 'x', 'y'),
    since: fc.integer({ min: 1, max: length - 1 }),
    approved: fc.subarray(Array.from({ length: length - 1 }, (_, place) => place + 1)),
  });
});

test('whatever happened, the toll is what a look at all rosters says', () => {
  fc.assert(
    fc.property(anyStory, story => assert.deepEqual(tollSince(story), naive(story))),
    { numRuns: 1000 },
  );
});

test('of the candidate alone the toll is the same, approved or not', () => {
  fc.assert(
    fc.property(anyStory, story => {
      const since = (story.people[0] ?? story.departments[0] ?? ['', '']).length - 1;
      assert.deepEqual(tollNow(candidateOf(story)), naive({ ...story, since }));
    }),
    { numRuns: 1000 },
  );
});
