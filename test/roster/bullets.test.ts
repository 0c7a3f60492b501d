import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Person } from '../../src/roster/model.ts';
import { alice, bob, type Case, carol, dave, delivered, judge, type Step, tell } from './cases.ts';
import { type Code, extract, row, type Told } from './shelf.ts';

/** What is said of people and departments that are not clean, as far as it is about what was before: who left, and deliveries. */

const hr = (...people: Parameters<typeof extract>[1]) => [extract('hr', people)];
const both = hr(row('1', alice), row('2', bob));
const to = (told: Told, email: string | undefined) => ({ ...told, email });
const [A, B, C] = [alice.email, bob.email, carol.email] as [string, string, string];
/** Alice, and Bob unless he left, with these emails. */
const emails = (a: string, b?: string) =>
  hr(row('1', to(alice, a)), ...(b === undefined ? [] : [row('2', to(bob, b))]));
const allow = { reused_email: 'allow' } as const;
const toTest: Step = shelf => shelf.deliver({ client: 'test' });

/** The one problem of a story, in words. */
const says = (name: string, one: Omit<Case, 'name'>, text: string) =>
  test(name, () => {
    const { problems } = judge({ ...one, name });
    assert.deepEqual(
      problems.listed.map(problem => problem.text),
      [text],
    );
  });

describe('an email that the last delivery gave to someone else waits until a delivery has shown it free', () => {
  const waits = ['kept email_waits alice'];
  const moved = emails(B, 'x@y');
  tell([
    {
      name: 'it does not move in one step',
      before: [both, delivered],
      now: moved,
      people: { alice: { email: A }, bob: { email: 'x@y' } },
      problems: waits,
    },
    {
      name: 'it moves once that was delivered',
      before: [both, delivered, moved, delivered],
      now: moved,
      people: { alice: { email: B }, bob: { email: 'x@y' } },
    },
    {
      name: 'whatever the letter case',
      before: [both, delivered],
      now: emails('BOB@acme.example', 'x@y'),
      people: { alice: { email: A }, bob: { email: 'x@y' } },
      problems: waits,
    },
    {
      name: 'to every client',
      before: [both, delivered, toTest, moved, delivered],
      now: moved,
      people: { alice: { email: A }, bob: { email: 'x@y' } },
      problems: waits,
    },
    {
      name: 'a swap is no way out',
      before: [both, delivered],
      now: emails(B, A),
      people: { alice: { email: A }, bob: { email: B } },
      problems: [...waits, 'kept email_waits bob'],
      changes: { people_modified: 0 },
    },
    {
      name: 'also one that somebody had since, for that may be on its way',
      before: [both, delivered, emails(A, 'x@y'), emails(A, 'z@y')],
      now: emails('x@y', 'z@y'),
      people: { alice: { email: A }, bob: { email: 'z@y' } },
      problems: waits,
    },
    {
      name: 'their own they may have back',
      before: [both, delivered, emails('x@y', B)],
      now: both,
      people: { alice: { email: A }, bob: { email: B } },
    },
    {
      name: 'whoever comes back with another one has the old one until that was delivered',
      before: [both, delivered, emails(A), delivered, emails(A, 'x@y')],
      now: moved,
      people: { alice: { email: A }, bob: { email: 'x@y' } },
      problems: waits,
    },
    {
      name: 'and no longer',
      before: [both, delivered, emails(A), delivered, emails(A, 'x@y'), delivered],
      now: moved,
      people: { alice: { email: B }, bob: { email: 'x@y' } },
    },
    {
      name: 'a newcomer is quarantined, where it may be had by somebody else at all',
      rules: allow,
      before: [both, delivered],
      now: hr(row('1', alice), row('2', to(bob, 'x@y')), row('3', to(carol, B))),
      people: { alice: {}, bob: { email: 'x@y' } },
      problems: ['quarantined newcomer carol'],
    },
    {
      name: 'until it is free',
      rules: allow,
      before: [both, delivered, hr(row('1', alice), row('2', to(bob, 'x@y'))), delivered],
      now: hr(row('1', alice), row('2', to(bob, 'x@y')), row('3', to(carol, B))),
      people: { alice: {}, bob: { email: 'x@y' }, carol: { email: B } },
    },
    {
      name: 'where nothing was ever delivered nothing waits',
      before: [both],
      now: moved,
      people: { alice: { email: B }, bob: { email: 'x@y' } },
    },
  ]);
  says(
    'the problem names who has it, and what was delivered',
    {
      before: [both, toTest, emails(A, 'w@y'), delivered],
      now: emails('w@y', 'x@y'),
      people: { alice: {}, bob: {} },
      problems: waits,
    },
    'email "w@y" is that of "bob" in OMFLOW and waits until a delivery has shown it free (last: snapshot 1, delivered to test; snapshot 2, delivered to omflow); the last good value stays',
  );
});

describe('the email of somebody who left is not given to anybody else, for OMFLOW keeps it', () => {
  const reused = ['kept email_reused alice'];
  const kept = { alice: { email: A } };
  tell([
    { name: 'not when they left before', before: [both, emails(A)], now: emails(B), people: kept, problems: reused },
    { name: 'not when they leave now', before: [both], now: emails(B), people: kept, problems: reused },
    {
      name: 'not when that was delivered, either',
      before: [both, delivered, emails(A), delivered],
      now: emails(B),
      people: kept,
      problems: reused,
    },
    {
      name: 'nor does a delivery that showed them gone free one that they left with, as far as OMFLOW was told',
      before: [both, delivered, emails(A, 'x@y'), emails(A), delivered],
      now: emails(B),
      people: kept,
      problems: reused,
    },
    {
      name: 'one that they gave up before, and OMFLOW was told so, is free',
      before: [both, delivered, emails(A, 'x@y'), delivered, emails(A), delivered],
      now: emails(B),
      people: { alice: { email: B } },
    },
    {
      name: 'where nothing was ever delivered it is free when they gave it up',
      before: [both, emails(A, 'x@y'), emails(A)],
      now: emails(B),
      people: { alice: { email: B } },
    },
    {
      name: 'when they come back with another one it is free',
      before: [both, emails(A)],
      now: emails(B, 'x@y'),
      people: { alice: { email: B }, bob: { email: 'x@y' } },
    },
    {
      name: 'the administrator may say that OMFLOW does not mind',
      rules: allow,
      before: [both, emails(A)],
      now: emails(B),
      people: { alice: { email: B } },
    },
    {
      name: 'then it waits until they are gone there',
      rules: allow,
      before: [both, delivered],
      now: emails(B),
      people: kept,
      problems: ['kept email_waits alice'],
    },
    {
      name: 'and no longer',
      rules: allow,
      before: [both, delivered, emails(A), delivered],
      now: emails(B),
      people: { alice: { email: B } },
    },
  ]);
  const text = (whom: string) =>
    `email "${B}" was that of ${whom}, who left, and OMFLOW keeps it for them; the last good value stays`;
  const story = { now: emails(B), people: kept, problems: reused };
  says('the problem says whose it was', { ...story, before: [both, emails(A)] }, text('"bob"'));
});

describe('this ledger of usernames and emails outlives prune, and purge as keyed hashes', () => {
  const gone = [both, emails(A)];
  const pruned: Step = shelf => shelf.forget('hr/2');
  const purged: Step = shelf => shelf.erase('hr/2');
  const story = { now: emails(B), people: { alice: { email: A } }, problems: ['kept email_reused alice'] };
  const text = (whom: string) =>
    `email "${B}" was that of ${whom}, who left, and OMFLOW keeps it for them; the last good value stays`;
  says(
    'an incumbent does not get the email of whoever was pruned',
    { ...story, before: [...gone, pruned] },
    text('"bob"'),
  );
  says(
    'nor of whoever was purged, whose name is not told',
    { ...story, before: [...gone, purged] },
    text('somebody whose data was erased'),
  );
  const newcomer = (told: Told) => ({
    before: [...gone, purged],
    now: hr(row('1', alice), row('9', { ...carol, ...told })),
    people: { alice: {} },
    problems: [`quarantined newcomer ${told.username ?? 'carol'}`],
  });
  says(
    'a newcomer does not get their username',
    newcomer({ username: 'bob' }),
    'username "bob" was published for somebody whose data was erased and stays theirs',
  );
  says(
    'nor their email',
    newcomer({ email: B }),
    `email "${B}" was published for somebody whose data was erased before, and OMFLOW would refuse it for anybody else`,
  );
  tell([
    {
      name: 'a rehire of somebody purged is the same person by username and email',
      before: [...gone, purged],
      now: hr(row('1', alice), row('9', { ...bob, username: 'Bob' })),
      people: { alice: {}, Bob: { key: 'hr/9' as never, email: B } },
    },
    {
      name: 'and by their key and username',
      before: [...gone, purged],
      now: hr(row('1', alice), row('2', to(bob, 'x@y'))),
      people: { alice: {}, bob: { key: 'hr/2' as never, email: 'x@y' } },
    },
    {
      name: 'by the key alone nobody knows what they were called, so they are somebody new',
      before: [...gone, purged],
      now: hr(row('1', alice), row('2', dave)),
      people: { alice: {}, dave: { key: 'hr/2' as never } },
    },
  ]);
});

describe('same key, but username, email and name all changed: a recycled key, quarantined', () => {
  const gone = [both, emails(A)];
  const story = (told: Told, before: readonly Step[] = gone) => ({
    before,
    now: hr(row('1', alice), row('2', { ...carol, ...told })),
  });
  const quarantined = { people: { alice: {} }, problems: ['quarantined newcomer carol'] };
  says(
    'also when its person left',
    { ...story({}), ...quarantined },
    `its key hr/2 was "bob" <${B}> until they left, and username, email and name all differ`,
  );
  tell([
    {
      name: 'it is as they were when they left that counts',
      ...story({}, [hr(row('1', alice), row('2', { ...carol, username: 'bob' })), ...gone]),
      ...quarantined,
    },
    {
      name: 'the same name: they are back',
      ...story({ nick_name: bob.nick_name }),
      people: { alice: {}, bob: { login: 'carol', email: C } },
    },
    {
      name: 'the same email: they are back',
      ...story({ email: B }),
      people: { alice: {}, bob: { login: 'carol', email: B } },
    },
    {
      name: 'the same username: they are back',
      ...story({ username: 'bob' }),
      people: { alice: {}, bob: { login: 'bob', email: C } },
    },
    {
      name: 'where nothing is known of them any more the key is all there is',
      ...story({}, [...gone, shelf => shelf.forget('hr/2')]),
      people: { alice: {}, bob: { login: 'carol', email: C } },
    },
  ]);
});

describe('one that was an ancestor of a still-served department stays until a delivery has shown it childless', () => {
  const tree = (...departments: Code[]) => [extract('hr', [row('1', alice)], { departments })];
  const child = (code: string, parent: string): Code => [code, code, parent];
  const chain = tree(['A'], child('B', 'A'), child('C', 'B'));
  const parts = tree(['C']);
  const rollback: Step = shelf => shelf.deliver({ snapshot: 1 });
  /** `problems` without `department_`. */
  const story = (
    name: string,
    [before, now]: readonly [readonly Step[], Case['now']],
    departments: Readonly<Record<string, string>>,
    ...problems: string[]
  ): Case => ({
    name,
    before,
    now,
    people: { alice: {} },
    departments,
    problems: problems.map(one => one.replace(' ', ' department_')),
  });
  tell([
    story('where nothing was ever delivered it goes at once', [[chain], parts], { C: '' }),
    story(
      'it stays, with all that is above it',
      [[chain, delivered], parts],
      { A: '', B: 'A', C: '' },
      'kept waits A',
      'kept waits B',
    ),
    story(
      'for every client',
      [[chain, toTest, parts, delivered], parts],
      { A: '', B: 'A', C: '' },
      'kept waits A',
      'kept waits B',
    ),
    story(
      'until a delivery has shown it childless: the lowest first',
      [[chain, delivered, parts, delivered], parts],
      { A: '', C: '' },
      'kept waits A',
    ),
    story('and so on', [[chain, delivered, parts, delivered, parts, delivered], parts], { C: '' }),
    story(
      'one with people stays for them',
      [[chain, delivered], [extract('hr', [row('1', { ...alice, departments: ['A'] })], { departments: [['C']] })]],
      { A: '', B: 'A', C: '' },
      'kept kept A',
      'kept waits B',
    ),
    story('what was below it goes with it where nothing of that is served', [[chain, delivered], tree(['Z'])], {
      Z: '',
    }),
    story('one that is listed is what its source says', [[chain, delivered], tree(['A'], ['B'], child('C', 'A'))], {
      A: '',
      B: '',
      C: 'A',
    }),
    story(
      'one that was above it since stays, too, for that may be on its way',
      [[tree(['A'], ['C']), delivered, tree(['A'], child('C', 'A')), tree(['A'], ['C'])], parts],
      { A: '', C: '' },
      'kept waits A',
    ),
    story(
      'one that was gone and comes back is below what it was below',
      [[chain, delivered, tree(['Z'])], tree(['Z'], ['C'])],
      { A: '', B: 'A', C: '', Z: '' },
      'kept waits A',
      'kept waits B',
    ),
    story(
      'after a rollback it comes back as it was',
      [[chain, parts, rollback], parts],
      { A: '', B: 'A', C: '' },
      'kept waits A',
      'kept waits B',
    ),
    story(
      'and can be a parent again',
      [[chain, parts, rollback], tree(child('C', 'B'))],
      { A: '', B: 'A', C: 'B' },
      'kept kept A',
      'kept kept B',
    ),
    story(
      'but not that of what it was below itself',
      [[tree(['P'], child('L', 'P'), child('C', 'L')), tree(['P'], ['C']), rollback], tree(child('P', 'L'), ['C'])],
      { P: '', L: 'P', C: '' },
      'kept kept L',
      'kept cycle P',
    ),
    story(
      'a code that is written otherwise waits for the old one, and what was below that is a root meanwhile',
      [[tree(['d1'], child('C', 'd1')), delivered], tree(['D1'], child('C', 'D1'))],
      { d1: '', C: '' },
      'quarantined code D1',
      'kept parent C',
      'kept waits d1',
    ),
    story(
      'until a delivery has shown that',
      [
        [tree(['d1'], child('C', 'd1')), delivered, tree(['D1'], child('C', 'D1')), delivered],
        tree(['D1'], child('C', 'D1')),
      ],
      { D1: '', C: 'D1' },
    ),
  ]);
  says(
    'the problem says what it waits for',
    { ...story('', [[tree(['B'], child('C', 'B')), delivered], parts], { B: '', C: '' }, 'kept waits B') },
    'is not listed any more, but OMFLOW may have "C" below it; it is served on until a delivery has shown nothing below it (last: snapshot 1, delivered to omflow)',
  );
});

describe('whom a source has under another key than before', () => {
  const left = hr(row('2', bob));
  const back = hr(row('21', alice), row('2', bob));
  tell([
    {
      name: 'they stay when their email changes after that',
      before: [both, delivered, left, delivered, back, delivered],
      now: hr(row('21', to(alice, 'a.new@acme.example')), row('2', bob)),
      people: { alice: { key: 'hr/1', email: 'a.new@acme.example' } as Partial<Person>, bob: {} },
    },
    {
      name: 'and when their account is renamed after that',
      before: [both, back],
      now: hr(row('21', { ...alice, username: 'alice.ames' }), row('2', bob)),
      people: { alice: { key: 'hr/1', login: 'alice.ames' } as Partial<Person>, bob: {} },
    },
    {
      name: 'somebody else with that key is not them',
      before: [both, left, back],
      now: hr(row('21', carol), row('2', bob)),
      people: { carol: {}, bob: {} },
      removed: { 'hr/1': 'missing hr' },
    },
    {
      name: 'they come back with the email that they left with, whoever had it before them',
      before: [
        both,
        hr(row('1', to(alice, 'a@x.example')), row('2', to(bob, A))),
        hr(row('1', to(alice, 'a@x.example'))),
      ],
      now: hr(row('1', to(alice, 'a@x.example')), row('2', to(bob, A))),
      people: { alice: { email: 'a@x.example' }, bob: { email: A } },
    },
  ]);
});
