import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alice, bob, type Case, carol, dave, judge, tell } from './cases.ts';
import { extract, plan, row, type Told } from './shelf.ts';

/** Who is served already: bad data takes nobody away, and nothing good from anybody. */

const hr = (...people: Parameters<typeof extract>[1]) => [extract('hr', people)];
const both = hr(row('1', alice), row('2', bob));

describe('active is judged first', () => {
  tell([
    {
      name: 'whoever is inactive has left, whoever is not there is missing',
      before: [hr(row('1', alice), row('2', bob), row('3', carol))],
      now: hr(row('1', alice), row('2', { ...bob, active: false })),
      people: { alice: {} },
      removed: { 'hr/2': 'left hr', 'hr/3': 'missing hr' },
      changes: { people_removed: 2 },
    },
    {
      name: 'whoever is inactive and broken has left',
      before: [both],
      now: hr(row('1', alice), row('2', { active: false, broken: [{ field: 'email', why: 'is odd' }] })),
      people: { alice: {} },
      removed: { 'hr/2': 'left hr' },
    },
    {
      name: 'an unreadable leave date is no departure',
      before: [both],
      now: hr(
        row('1', alice),
        row('2', { ...bob, company: 'B', broken: [{ field: 'active', why: '"soon" is not a date' }] }),
      ),
      people: { alice: {}, bob: { company: 'B' } },
      problems: ['kept active_broken bob'],
      removed: {},
    },
    {
      name: 'a newcomer with an unreadable leave date is quarantined',
      now: hr(row('1', alice), row('2', { ...bob, broken: [{ field: 'active', why: '"soon" is not a date' }] })),
      people: { alice: {} },
      problems: ['quarantined newcomer bob'],
    },
    {
      name: 'a newcomer who is inactive is nobody, and no problem',
      now: hr(row('1', alice), row('2', { ...bob, email: undefined, active: false })),
      people: { alice: {} },
    },
    {
      name: 'of two rows of one person the active one counts',
      before: [both],
      now: hr(row('1', alice), row('2', { ...bob, active: false, company: 'Old' }), row('2', bob)),
      people: { alice: {}, bob: { company: '' } },
      removed: {},
    },
    {
      name: 'an email does not make an inactive newcomer of anybody',
      before: [both],
      now: hr(row('1', alice), row('9', { ...bob, username: 'bob9', active: false })),
      people: { alice: {} },
      removed: { 'hr/2': 'missing hr' },
    },
  ]);
});

describe('incumbents are protected', () => {
  const full: Told = {
    ...alice,
    company: 'Acme',
    phone1: '1',
    phone2: '2',
    extension_no: '3',
    departments: ['D'],
    extra: { cost: '7' },
  };
  const kept = (name: string, told: Told, expected: Case['people'][string], ...problems: string[]): Case => ({
    name,
    before: [hr(row('1', full))],
    now: hr(row('1', { ...full, company: 'New', ...told })),
    people: { alice: { company: 'New', ...expected } },
    problems,
    removed: {},
  });
  const unreadable = (field: string) => [{ field, why: 'cannot be read' }];
  tell([
    kept('email missing', { email: undefined }, { email: alice.email ?? '' }, 'kept email_broken alice'),
    kept('email bad', { email: 'x' }, { email: alice.email ?? '' }, 'kept email_broken alice'),
    kept('email reserved', { email: 'system@system.com' }, { email: alice.email ?? '' }, 'kept email_broken alice'),
    kept('username missing', { username: undefined }, { login: 'alice' }, 'kept username_broken alice'),
    kept('username bad', { username: 'a b' }, { login: 'alice' }, 'kept username_broken alice'),
    kept('username reserved', { username: 'system' }, { login: 'alice' }, 'kept username_broken alice'),
    kept(
      'the others follow the source',
      { username: '', email: '', nick_name: 'New' },
      { nick_name: 'New' },
      'kept username_broken alice',
      'kept email_broken alice',
    ),
    ...(['nick_name', 'ad_no', 'phone1', 'phone2', 'extension_no'] as const).map(field =>
      kept(
        `${field} unreadable`,
        { [field]: undefined, broken: unreadable(field) },
        { [field]: full[field] },
        `kept ${field}_broken alice`,
        ...(field === 'nick_name' ? ['fixed nick_name_missing alice'] : []),
      ),
    ),
    kept(
      'gender unreadable',
      { gender: undefined, broken: unreadable('gender') },
      { gender: 'female' },
      'kept gender_broken alice',
      'fixed gender_default alice',
    ),
    kept(
      'departments unreadable',
      { departments: [], broken: unreadable('departments') },
      { departments: ['D'] as never },
      'kept departments_broken alice',
      'kept department_kept D',
    ),
    kept(
      'an extra unreadable',
      { extra: {}, broken: unreadable('extra.cost') },
      { extra: [['cost', '7']] },
      'kept extra.cost_broken alice',
    ),
    kept(
      'a name that is missing is no broken field',
      { nick_name: undefined },
      { nick_name: 'alice' },
      'fixed nick_name_missing alice',
    ),
    kept(
      'neither username nor name',
      { username: undefined, nick_name: undefined },
      { nick_name: 'alice', login: 'alice' },
      'kept username_broken alice',
      'fixed nick_name_missing ',
    ),
    {
      name: 'two rows that say different things: neither is believed',
      before: [hr(row('1', alice))],
      now: hr(
        row('1', { ...alice, email: 'a@x', company: 'C' }),
        row('1', { ...alice, email: 'b@x', company: 'C' }),
        row('1', { ...alice, email: 'a@x', company: 'C' }),
      ),
      people: { alice: { email: alice.email ?? '', company: 'C' } },
      problems: ['kept email_broken alice'],
    },
    {
      name: 'the same person may be broken for ever',
      before: [
        both,
        hr(row('1', alice), row('2', { ...bob, email: '' })),
        hr(row('1', alice), row('2', { ...bob, email: 'x' })),
      ],
      now: hr(row('1', { ...alice, email: undefined }), row('2', { ...bob, email: 'y' })),
      people: { alice: { email: alice.email ?? '' }, bob: { email: bob.email ?? '' } },
      problems: ['kept email_broken alice', 'kept email_broken bob'],
      changes: { people_modified: 0 },
    },
  ]);
});

describe('newcomers are quarantined', () => {
  const newcomer = (name: string, told: Told, ...problems: string[]): Case => ({
    name,
    before: [hr(row('1', alice))],
    now: hr(row('1', alice), row('2', { ...bob, ...told })),
    people: { alice: {} },
    problems,
    changes: { people_added: 0 },
  });
  tell([
    newcomer('without an email', { email: undefined }, 'quarantined newcomer bob'),
    newcomer(
      'with an unreadable username',
      { username: undefined, broken: [{ field: 'username', why: 'odd' }] },
      'quarantined newcomer bob@acme.example',
    ),
    newcomer('with an unreadable key', { broken: [{ field: 'key', why: 'odd' }] }, 'quarantined newcomer bob'),
    {
      name: 'until the field is mended',
      before: [hr(row('1', alice), row('2', { ...bob, email: '' }))],
      now: both,
      people: { alice: {}, bob: {} },
      changes: { people_added: 1 },
    },
    {
      name: 'a field that is not required is left empty instead',
      now: hr(
        row('1', {
          ...alice,
          gender: undefined,
          broken: ['phone1', 'gender', 'departments', 'extra.cost'].map(field => ({ field, why: 'odd' })),
        }),
      ),
      people: { alice: { phone1: '', gender: 'male', departments: [], extra: [] } },
      problems: ['gender_broken', 'phone1_broken', 'departments_broken', 'extra.cost_broken', 'gender_default'].map(
        code => `fixed ${code} alice`,
      ),
    },
    {
      name: 'two rows that disagree on the gender: the default stands',
      rules: { gender: 'female' },
      now: hr(row('1', { ...alice, gender: 'male' }), row('1', { ...alice, gender: 'female' })),
      people: { alice: { gender: 'female' } },
      problems: ['fixed gender_broken alice'],
    },
    {
      name: 'a row with neither key nor username is listed',
      now: hr(row('1', alice), row('', { email: 'x@y' })),
      people: { alice: {} },
      problems: ['quarantined username_missing x@y'],
    },
  ]);
});

describe('identity', () => {
  const renamed = { ...alice, username: 'alice.ames' };
  tell([
    {
      name: 'a renamed person keeps the username, and the login follows',
      before: [both],
      now: hr(row('1', renamed), row('2', bob)),
      people: { alice: { login: 'alice.ames', key: 'hr/1' as never }, bob: {} },
      changes: { people_renamed: 1, people_modified: 0, people_added: 0, people_removed: 0 },
    },
    {
      name: 'and once more, and back',
      before: [both, hr(row('1', renamed), row('2', bob)), hr(row('1', { ...alice, username: 'ames' }), row('2', bob))],
      now: both,
      people: { alice: { login: 'alice' }, bob: {} },
      changes: { people_renamed: 1 },
    },
    {
      name: 'without keys, a username that vanishes while its email appears under a new one is a rename',
      before: [hr(row('', alice), row('', bob))],
      now: hr(row('', renamed), row('', bob)),
      people: { alice: { login: 'alice.ames', key: 'hr/alice' as never }, bob: {} },
      changes: { people_renamed: 1, people_removed: 0 },
    },
    {
      name: 'and whoever was renamed stays who they are when the email changes later',
      before: [hr(row('', alice)), hr(row('', renamed))],
      now: hr(row('', { ...renamed, email: 'ames@acme.example' })),
      people: { alice: { login: 'alice.ames', email: 'ames@acme.example', key: 'hr/alice' as never } },
      removed: {},
    },
    {
      name: 'a new key with the same username and email is the same person',
      before: [both],
      now: hr(row('9', alice), row('2', bob)),
      people: { alice: { key: 'hr/1' as never }, bob: {} },
      removed: {},
      changes: { people_added: 0 },
    },
    {
      name: 'a new key with the same username and email goes before a new name with that email',
      before: [both],
      now: hr(row('8', renamed), row('9', alice), row('2', bob)),
      people: { alice: { key: 'hr/1' as never, login: 'alice' }, bob: {} },
      problems: ['quarantined newcomer alice.ames'],
    },
    {
      name: 'without keys, whoever has the login goes before whoever has the email',
      before: [hr(row('', alice)), hr(row('', renamed))],
      now: hr(row('', renamed), row('', { ...alice, username: 'aaa' })),
      people: { alice: { key: 'hr/alice' as never, login: 'alice.ames' } },
      problems: ['quarantined newcomer aaa'],
    },
    {
      name: 'a username in another letter case is the same person, keyed or not',
      before: [hr(row('', alice), row('2', bob))],
      now: hr(row('', { ...alice, username: 'ALICE' }), row('2', { ...bob, username: 'Bob' })),
      people: { alice: { login: 'ALICE' }, bob: { login: 'Bob' } },
      removed: {},
    },
    {
      name: 'and so it is when the email changes with it',
      before: [hr(row('', alice))],
      now: hr(row('', { ...alice, username: 'Alice', email: 'ames@acme.example' })),
      people: { alice: { login: 'Alice', email: 'ames@acme.example' } },
      removed: {},
    },
    {
      name: 'a username published under another key, with another email: quarantined',
      before: [both],
      now: hr(row('1', alice), row('2', bob), row('3', { ...carol, username: 'Alice' })),
      people: { alice: { key: 'hr/1' as never }, bob: {} },
      problems: ['quarantined newcomer Alice'],
    },
    {
      name: 'also when its person has left',
      before: [both, hr(row('2', bob))],
      now: hr(row('2', bob), row('3', { ...carol, username: 'alice' })),
      people: { bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'and when its person was renamed',
      before: [both, hr(row('1', renamed), row('2', bob))],
      now: hr(row('1', renamed), row('2', bob), row('3', { ...carol, username: 'alice' })),
      people: { alice: { login: 'alice.ames' }, bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'without keys too, where the record has the very key of the renamed one',
      before: [hr(row('', alice)), hr(row('', renamed))],
      now: hr(row('', renamed), row('', { ...carol, username: 'alice' })),
      people: { alice: { login: 'alice.ames', email: alice.email ?? '', nick_name: 'Alice Ames' } },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'nobody can be renamed to the username of somebody else',
      before: [both],
      now: hr(row('1', { ...alice, username: 'bob' }), row('2', bob)),
      people: { alice: { login: 'alice' }, bob: { login: 'bob' } },
      problems: ['kept username_taken alice'],
    },
    {
      name: 'nor two to each other',
      before: [both],
      now: hr(row('1', { ...alice, username: 'bob' }), row('2', { ...bob, username: 'alice' })),
      people: { alice: { login: 'alice' }, bob: { login: 'bob' } },
      problems: ['kept username_taken alice', 'kept username_taken bob'],
    },
    {
      name: 'nor to the login of somebody renamed; whoever loses may unseat the next',
      before: [hr(row('1', alice), row('2', bob), row('3', carol))],
      now: hr(
        row('1', { ...alice, username: 'bob' }),
        row('2', { ...bob, username: 'carol' }),
        row('3', carol),
        row('4', { ...dave, username: 'ALICE' }),
      ),
      people: { alice: {}, bob: {}, carol: {} },
      problems: ['kept username_taken alice', 'kept username_taken bob', 'quarantined newcomer ALICE'],
    },
    {
      name: 'the same person twice under two keys is served once',
      before: [both],
      now: hr(row('1', alice), row('2', bob), row('3', alice)),
      people: { alice: { key: 'hr/1' as never }, bob: {} },
      problems: ['quarantined newcomer alice'],
      changes: { people_added: 0, people_modified: 0 },
    },
    {
      name: 'also while the first of them changes',
      before: [both],
      now: hr(row('1', { ...alice, company: 'C' }), row('2', bob), row('3', alice)),
      people: { alice: { key: 'hr/1' as never, company: 'C' }, bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'an empty key matches nobody',
      now: hr(row('', alice), row('', bob), row('3', carol)),
      people: { alice: {}, bob: {}, carol: {} },
    },
    {
      name: 'nor is a username ever the key of somebody else',
      before: [hr(row('100', alice), row('2', bob))],
      now: hr(row('100', alice), row('2', bob), row('', { ...carol, username: '100' })),
      people: { alice: {}, bob: {} },
      problems: ['quarantined key_missing 100'],
    },
    {
      name: 'a source that gets keys later goes on with the same people',
      before: [hr(row('', alice), row('', bob))],
      now: both,
      people: { alice: { key: 'hr/alice' as never }, bob: { key: 'hr/bob' as never } },
      changes: { people_added: 0, people_removed: 0, people_modified: 0 },
    },
    {
      name: 'and one that loses them too',
      before: [both],
      now: hr(row('', { ...alice, email: 'a@x' }), row('', bob)),
      people: { alice: { key: 'hr/1' as never, email: 'a@x' }, bob: { key: 'hr/2' as never } },
      removed: {},
    },
    {
      name: 'a key that cannot be read is the person with that username',
      before: [both],
      now: hr(row('', { ...alice, company: 'C', broken: [{ field: 'key', why: 'odd' }] }), row('2', bob)),
      people: { alice: { key: 'hr/1' as never, company: 'C' }, bob: {} },
      problems: ['kept key_broken alice'],
    },
    {
      name: 'blanks around a username are nothing',
      now: [extract('hr', [row('', { ...alice, username: ' alice ' })], { memberships: [['alice', 'D']] })],
      people: { alice: { key: 'hr/alice' as never, departments: ['D'] as never } },
    },
  ]);
});

describe('recycled keys', () => {
  const somebodyElse = { ...carol, company: 'C' };
  const recycled = (name: string, told: Told, expected: Case['people'], ...problems: string[]): Case => ({
    name,
    before: [both],
    now: hr(row('1', { ...somebodyElse, ...told }), row('2', bob)),
    people: { bob: {}, ...expected },
    problems,
    removed: {},
  });
  const stays = { alice: { login: 'alice', email: alice.email ?? '', nick_name: 'Alice Ames', company: '' } };
  tell([
    recycled('username, email and name all changed: quarantined', {}, stays, 'quarantined newcomer carol'),
    recycled(
      'whatever else is unreadable',
      { broken: [{ field: 'phone1', why: 'odd' }] },
      stays,
      'quarantined newcomer carol',
    ),
    recycled(
      'the same name: renamed',
      { nick_name: 'Alice Ames' },
      { alice: { login: 'carol', email: 'carol@acme.example' } },
    ),
    recycled(
      'the same email: renamed',
      { email: 'ALICE@acme.example' },
      { alice: { login: 'carol', email: 'ALICE@acme.example' } },
    ),
    recycled(
      'the same username: renamed',
      { username: 'alice' },
      { alice: { login: 'alice', nick_name: 'Carol Chu' } },
    ),
    recycled(
      'a username in another letter case is the same',
      { username: 'Alice' },
      { alice: { login: 'Alice', nick_name: 'Carol Chu' } },
    ),
  ]);
});

describe('a rehire is the same person', () => {
  const gone = hr(row('2', bob));
  tell([
    {
      name: 'by the same key',
      before: [both, gone],
      now: hr(row('1', { ...alice, username: 'ames', email: 'ames@acme.example' }), row('2', bob)),
      people: { alice: { key: 'hr/1' as never, login: 'ames', email: 'ames@acme.example' }, bob: {} },
      changes: { people_added: 1 },
    },
    {
      name: 'by username and email, under a new key',
      before: [both, gone],
      now: hr(row('9', alice), row('2', bob)),
      people: { alice: { key: 'hr/1' as never }, bob: {} },
    },
    {
      name: 'by an email they had before',
      before: [both, hr(row('1', { ...alice, email: 'ames@acme.example' }), row('2', bob)), gone],
      now: hr(row('9', alice), row('2', bob)),
      people: { alice: { key: 'hr/1' as never }, bob: {} },
    },
    {
      name: 'from another source',
      before: [both, gone],
      now: [...hr(row('2', bob)), extract('more', [row('7', alice)])],
      people: { alice: { key: 'hr/1' as never }, bob: {} },
    },
    {
      name: 'twice: the lowest key is',
      before: [both, gone],
      now: hr(row('8', { ...alice, company: 'eight' }), row('9', alice), row('2', bob)),
      people: { alice: { key: 'hr/1' as never, company: 'eight' }, bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'not by the username alone',
      before: [both, gone],
      now: hr(row('9', { ...alice, email: 'ames@acme.example' }), row('2', bob)),
      people: { bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'not by the email alone',
      before: [both, gone],
      now: hr(row('9', { ...alice, username: 'ames' }), row('2', bob)),
      people: { bob: {} },
      problems: ['quarantined newcomer ames'],
    },
  ]);
});

describe('email contests', () => {
  const to = (told: Told, email: string | undefined) => ({ ...told, email });
  const [A, B, C] = [alice.email, bob.email, carol.email];
  const three = hr(row('1', alice), row('2', bob), row('3', carol));
  const emails = (a?: string, b?: string, c?: string) => ({
    ...(a && { alice: { email: a } }),
    ...(b && { bob: { email: b } }),
    ...(c && { carol: { email: c } }),
  });
  const allow = { reused_email: 'allow' } as const;
  tell([
    {
      name: 'the incumbent keeps it against a lower key',
      before: [hr(row('2', bob))],
      now: hr(row('1', to(alice, B)), row('2', bob)),
      rules: allow,
      people: emails(undefined, B),
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'the incumbent keeps it in whatever letter case',
      before: [both],
      now: hr(row('1', to(alice, 'BOB@acme.example')), row('2', { ...bob, company: 'C' })),
      people: emails(A, B),
      problems: ['kept email_taken alice'],
    },
    {
      name: 'of newcomers the earlier source has it',
      now: [extract('zeta', [row('9', alice)]), extract('alpha', [row('1', to(bob, A)), row('2', carol)])],
      plans: [plan('zeta', { match: 'ad_no' }), plan('alpha', { match: 'ad_no' })],
      people: { alice: {}, carol: {} },
      problems: ['quarantined newcomer bob'],
    },
    {
      name: 'of newcomers of one source the lowest key has it',
      now: hr(row('10', to(alice, 'x@y')), row('9', to(bob, 'x@y')), row('1', carol)),
      people: { alice: { email: 'x@y' }, carol: {} },
      problems: ['quarantined newcomer bob'],
    },
    {
      name: 'of incumbents who both want a new one the lowest key has it',
      before: [three],
      now: hr(row('1', to(alice, 'x@y')), row('2', to(bob, 'X@Y')), row('3', carol)),
      people: emails('x@y', B, C),
      problems: ['kept email_taken bob'],
    },
    {
      name: 'a swap is a swap',
      before: [both],
      now: hr(row('1', to(alice, B)), row('2', to(bob, A))),
      people: emails(B, A),
    },
    {
      name: 'so is a ring',
      before: [three],
      now: hr(row('1', to(alice, B)), row('2', to(bob, C)), row('3', to(carol, A))),
      people: emails(B, C, A),
    },
    {
      name: 'a chain moves up when its end is free',
      before: [three],
      now: hr(row('1', to(alice, B)), row('2', to(bob, C)), row('3', to(carol, 'x@y'))),
      people: emails(B, C, 'x@y'),
    },
    {
      name: 'and not at all when its end is not',
      before: [three],
      now: hr(row('1', to(alice, B)), row('2', to(bob, C)), row('3', carol)),
      people: emails(A, B, C),
      problems: ['kept email_taken alice', 'kept email_taken bob'],
    },
    {
      name: 'nor when its end is broken',
      before: [three],
      now: hr(row('1', to(alice, B)), row('2', to(bob, C)), row('3', to(carol, 'no email'))),
      people: emails(A, B, C),
      problems: ['kept email_taken alice', 'kept email_taken bob', 'kept email_broken carol'],
    },
    {
      name: 'a newcomer who counted on it is quarantined then',
      before: [both],
      now: hr(row('1', to(alice, B)), row('2', bob), row('0', to(carol, A))),
      rules: allow,
      people: emails(A, B),
      problems: ['kept email_taken alice', 'quarantined newcomer carol'],
    },
    {
      name: 'an email that became free goes to an incumbent',
      before: [three, hr(row('1', alice), row('2', bob), row('3', to(carol, 'x@y')))],
      now: hr(row('1', to(alice, C)), row('2', bob), row('3', to(carol, 'x@y'))),
      people: emails(C, B, 'x@y'),
    },
  ]);
});

test('where a field came from goes with the value', () => {
  const plans = [plan('hr'), plan('ad', { action: 'update', match: 'ad_no' })];
  const ad = (told: Told) => extract('ad', [row('x', { ad_no: 'E1', ...told })]);
  const noEmail = { ...alice, email: undefined };
  const trip = judge({
    name: '',
    plans,
    before: [[...hr(row('1', alice)), ad({ phone1: '1' })]],
    now: [...hr(row('1', noEmail)), ad({ email: 'no email', phone1: '2' })],
    people: { alice: { email: alice.email ?? '', phone1: '2' } },
    problems: ['kept email_broken alice'],
  });
  assert.deepEqual(trip.candidate.people.get('hr/1' as never)?.from, { phone1: 'ad' });
  const kept = judge({
    name: '',
    plans,
    before: [[...hr(row('1', noEmail)), ad({ email: 'a@b' })]],
    now: [...hr(row('1', { ...noEmail, email: 'no email' })), ad({ email: 'a@b' })],
    people: { alice: { email: 'a@b' } },
    problems: ['kept email_broken alice'],
  });
  assert.deepEqual(kept.candidate.people.get('hr/1' as never)?.from, { email: 'ad' });
});
