import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Departments } from '../../src/report/client/departments.ts';
import { countItems, type Filter, findItems, NO_FILTER } from '../../src/report/client/filters.ts';
import { itemsOf } from '../../src/report/client/items.ts';
import { peopleChangedAtOmflow } from '../../src/report/client/served.ts';
import type { DiffData, FieldData, PersonChangeData, PlaceData } from '../../src/report/data.ts';

const place = (group_no: string, depth: number): PlaceData => ({
  group_no,
  display_name: `${group_no} Department`,
  depth,
  own: 0,
  all: 0,
  change: undefined,
  came: 0,
  went: 0,
  lingers: false,
});

const TREE = [place('A', 0), place('A1', 1), place('A11', 2), place('A2', 1), place('B', 0)];

const person = (username: string, more: Partial<PersonChangeData> = {}): PersonChangeData => ({
  event: 'added',
  username,
  nick_name: '',
  email: `${username}@acme.example`,
  departments: [],
  fields: [],
  source: 'hr',
  reason: '',
  ...more,
});

const field = (name: string, old: string, now: string, source = 'hr'): FieldData => ({
  field: name,
  old,
  new: now,
  source,
});

const counts = {
  people_added: 1,
  people_modified: 2,
  people_removed: 1,
  people_renamed: 1,
  departments_added: 0,
  departments_modified: 0,
  departments_removed: 1,
  memberships_added: 2,
  memberships_removed: 1,
};

const DIFF: DiffData = {
  before: 1,
  after: 2,
  counts,
  people: [
    person('j.wu', { nick_name: 'ＷＵ Jun 吳', departments: ['A11'] }),
    person('m.sato', { event: 'removed', departments: ['B'], source: 'ldap', reason: 'left' }),
    person('c.ho', {
      event: 'modified',
      departments: ['A2'],
      fields: [field('email', 'old@acme.example', 'c.ho@acme.example')],
    }),
    person('t.ito', {
      event: 'modified',
      fields: [field('extra.desk', '1', '2', 'ldap'), field('extra.floor', '1', '2', 'ldap')],
    }),
    person('straße', { event: 'renamed', fields: [field('login', 'straße', 'strasse')] }),
  ],
  departments: [
    {
      event: 'removed',
      group_no: 'A9',
      display_name: 'Closed',
      parent_group_no: 'A1',
      fields: [],
      source: '',
      reason: 'missing',
    },
  ],
  memberships: [
    { event: 'removed', group_no: 'B', username: 'm.sato', nick_name: '', source: 'ldap' },
    { event: 'added', group_no: 'A11', username: 'j.wu', nick_name: '', source: 'hr' },
    { event: 'added', group_no: 'B', username: 'c.ho', nick_name: '', source: 'hr' },
  ],
  quarantined: [
    { code: 'email_missing', effect: 'quarantined', source: 'hr', kind: 'person', name: 'r.no', text: 'has no email' },
  ],
  omitted: { people: 0, departments: 0, memberships: 0 },
};

const departments = new Departments(TREE);
departments.learnFrom(DIFF.departments);
const ALL = itemsOf(DIFF, departments);

const found = (filter: Partial<Filter>) => findItems(ALL, { ...NO_FILTER, ...filter });
/** What is found, by name. */
function names(filter: Partial<Filter>): string[] {
  const { people, departments, memberships, quarantined } = found(filter).items;
  return [
    ...people.map(one => one.change.username),
    ...departments.map(one => one.change.group_no),
    ...memberships.map(one => `${one.kind} ${one.change.group_no} ${one.change.username}`),
    ...quarantined.map(one => one.change.name),
  ];
}

suite('a search through changes', () => {
  test('finds everything without a wish', () => {
    assert.equal(found({}).count, 10);
    assert.equal(countItems(ALL), 10);
  });

  test('knows neither case nor width, and wants all words', () => {
    assert.deepEqual(names({ query: 'wu ｊｕｎ' }), ['j.wu']);
    assert.deepEqual(names({ query: 'STRASSE' }), ['straße']);
    assert.deepEqual(names({ query: '吳' }), ['j.wu']);
    assert.deepEqual(names({ query: 'wu sato' }), []);
  });

  test('looks at usernames, emails, departments by code and name, and at values, old and new', () => {
    assert.deepEqual(names({ query: 'm.sato@' }), ['m.sato']);
    assert.deepEqual(names({ query: 'old@acme' }), ['c.ho']);
    assert.deepEqual(names({ query: 'a11 department' }), ['j.wu', 'came A11 j.wu']);
    assert.deepEqual(names({ query: 'closed' }), ['A9']);
    assert.deepEqual(names({ query: 'no email' }), ['r.no']);
  });

  test('finds nothing across two texts', () => {
    assert.deepEqual(names({ query: 'exampleold' }), []);
  });
});

suite('filters of changes', () => {
  test('by kind', () => {
    assert.deepEqual(names({ kinds: new Set(['removed', 'went']) }), ['m.sato', 'A9', 'went B m.sato']);
    assert.deepEqual(names({ kinds: new Set(['quarantined']) }), ['r.no']);
  });

  test('by field, where memberships are the departments of people', () => {
    assert.deepEqual(names({ fields: new Set(['email', 'login']) }), ['c.ho', 'straße']);
    assert.equal(names({ fields: new Set(['departments']) }).length, 3);
  });

  test('by source: of who changed it is who gave the new value', () => {
    assert.deepEqual(names({ sources: new Set(['ldap']) }), ['m.sato', 't.ito', 'went B m.sato']);
    assert.deepEqual(names({ sources: new Set(['']) }), ['A9']);
  });

  test('by department with all below it, those that are gone as well', () => {
    assert.deepEqual(names({ department: 'A' }), ['j.wu', 'c.ho', 'A9', 'came A11 j.wu']);
    assert.deepEqual(names({ department: 'A1' }), ['j.wu', 'A9', 'came A11 j.wu']);
    assert.deepEqual(names({ department: 'B' }), ['m.sato', 'came B c.ho', 'went B m.sato']);
  });

  test('together, each narrows the others', () => {
    assert.deepEqual(names({ department: 'A', kinds: new Set(['added']), query: 'wu' }), ['j.wu']);
  });

  test('are told with how many each would leave, the others being as they are', () => {
    const { tallies } = found({ kinds: new Set(['came']), department: 'A' });
    // Other kinds are counted within the department, departments within the kind.
    assert.equal(tallies.kinds.get('added'), 1);
    assert.equal(tallies.kinds.get('removed'), 1);
    assert.equal(tallies.departments.get('B'), 1);
    assert.equal(tallies.departments.get('A'), 1);
    assert.equal(tallies.sources.get('hr'), 1);
    assert.equal(tallies.sources.get('ldap'), undefined);
    // A change in two fields of one source counts once.
    assert.equal(found({}).tallies.sources.get('ldap'), 3);
  });

  test('take names of the language itself for names', () => {
    const changes = ['__proto__', 'constructor'].map(name =>
      person(name, { event: 'modified', fields: [field(name, '1', '2', name)] }),
    );
    const odd = itemsOf(
      { ...DIFF, people: changes, memberships: [], departments: [], quarantined: [] },
      new Departments([]),
    );
    const { items, tallies } = findItems(odd, { ...NO_FILTER, fields: new Set(['__proto__']) });
    assert.deepEqual(
      items.people.map(one => one.change.username),
      ['__proto__'],
    );
    assert.equal(tallies.fields.get('constructor'), 1);
  });
});

suite('changes that are shown', () => {
  test('have the memberships of a department together, whoever came first', () => {
    assert.deepEqual(
      ALL.memberships.map(one => `${one.change.group_no} ${one.kind}`),
      ['B came', 'B went', 'A11 came'],
    );
  });

  test('do not end in a cycle of departments', () => {
    const cyclic = new Departments([]);
    cyclic.learnFrom(
      ['X', 'Y'].map((group_no, at) => ({
        event: 'removed',
        group_no,
        display_name: '',
        parent_group_no: ['Y', 'X'][at] ?? '',
        fields: [],
        source: '',
        reason: '',
      })),
    );
    assert.deepEqual([...cyclic.upwards('X')], ['X', 'Y']);
  });

  test('change something for OMFLOW only in fields that it is given', () => {
    assert.equal(peopleChangedAtOmflow(DIFF), 1);
    const omitted = { ...DIFF.omitted, people: 1 };
    assert.equal(peopleChangedAtOmflow({ ...DIFF, omitted }), 3);
  });
});
