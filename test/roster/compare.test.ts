import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  type Change,
  compareDepartments,
  comparePeople,
  countChanges,
  type Entry,
  isRename,
  isUnchanged,
  membershipChanges,
  NO_CHANGES,
} from '../../src/roster/compare.ts';
import { departmentContent, leaf, personContent } from '../../src/roster/leaf.ts';
import {
  type Department,
  groupNo,
  type Person,
  type Provenance,
  personKey,
  sourceName,
  username,
} from '../../src/roster/model.ts';
import { byBytes } from '../../src/roster/order.ts';
import { entry } from './shelf.ts';

type Some = Partial<Omit<Person, 'departments'>> & { readonly departments?: readonly string[] };

function person(own: string, { departments = [], ...some }: Some = {}): Person {
  return {
    key: personKey(sourceName('hr'), own),
    username: username(own),
    login: own,
    email: `${own}@x.y`,
    nick_name: own,
    ad_no: '',
    company: '',
    phone1: '',
    phone2: '',
    extension_no: '',
    gender: 'male',
    departments: departments.map(groupNo),
    extra: [],
    ...some,
  };
}

const from = (provenance: Record<string, string>) => provenance as Provenance;
const side = (people: readonly Person[], provenance: Record<string, string> = {}): Entry<Person>[] =>
  people
    .map(value => entry(value.key, { value, leaf: leaf(personContent(value)), from: from(provenance) }))
    .sort((a, b) => byBytes(a.key, b.key));
const differences = (before: readonly Person[], after: readonly Person[], provenance = {}) => [
  ...comparePeople(side(before), side(after, provenance)),
];
const fieldsOf = (change: Change<Person> | undefined) => (change?.event === 'modified' ? change.fields : undefined);

describe('what changed', () => {
  test('equal rosters give nothing, and nothing is loaded for it', () => {
    const one = person('a');
    const unloadable = { key: one.key, leaf: leaf(personContent(one)), load: () => assert.fail('loaded') };
    assert.deepEqual([...comparePeople([unloadable], [unloadable])], []);
    assert.deepEqual([...comparePeople([], [])], []);
  });

  test('added, modified and removed, in the order of keys by bytes', () => {
    const before = ['b', 'c', 'ﾊ', '𠮷'].map(own => person(own));
    const after = [person('a'), person('c', { company: 'C' }), person('𠮷', { company: 'C' }), person('ﾋ')];
    assert.deepEqual(
      differences(before, after).map(({ event, key }) => `${event} ${key}`),
      ['added hr/a', 'removed hr/b', 'modified hr/c', 'removed hr/ﾊ', 'added hr/ﾋ', 'modified hr/𠮷'],
    );
  });

  test('each field with old, new and where the new one came from', () => {
    const before = person('a', {
      phone1: '1',
      extra: [
        ['cost', '7'],
        ['gone', 'x'],
      ],
    });
    const after = person('a', {
      login: 'a2',
      email: 'b@x.y',
      phone1: '',
      extra: [
        ['cost', '8'],
        ['__proto__', 'y'],
        ['new', 'z'],
      ],
    });
    const [change] = differences([before], [after], { phone1: 'ad', username: 'ad', 'extra.cost': 'erp' });
    assert.deepEqual(fieldsOf(change), [
      { field: 'login', old: 'a', new: 'a2', source: 'ad' },
      { field: 'email', old: 'a@x.y', new: 'b@x.y', source: 'hr' },
      { field: 'phone1', old: '1', new: '', source: 'ad' },
      { field: 'extra.__proto__', old: '', new: 'y', source: 'hr' },
      { field: 'extra.cost', old: '7', new: '8', source: 'erp' },
      { field: 'extra.gone', old: 'x', new: '', source: 'hr' },
      { field: 'extra.new', old: '', new: 'z', source: 'hr' },
    ]);
  });

  test('every field of a person is seen', () => {
    const fields = [
      'username',
      'login',
      'email',
      'nick_name',
      'ad_no',
      'company',
      'phone1',
      'phone2',
      'extension_no',
      'gender',
    ];
    for (const field of fields) {
      const [change] = differences([person('a')], [person('a', { [field]: 'new' })]);
      assert.deepEqual(
        fieldsOf(change)?.map(one => one.field),
        [field],
      );
    }
  });

  test('people called like what every object has', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];
    const changes = differences(
      names.map(own => person(own)),
      names.map(own => person(own, { company: 'C' })),
    );
    assert.deepEqual(
      changes.map(change => change.key),
      names.map(own => `hr/${own}`),
    );
    assert.equal(({} as Record<string, unknown>)['company'], undefined);
  });

  test('departments', () => {
    const one = (group_no: string, display_name: string, parent = ''): Department => ({
      group_no: groupNo(group_no),
      display_name,
      parent_group_no: groupNo(parent),
    });
    const entries = (...list: Department[]) =>
      list.map(value =>
        entry(value.group_no, { value, leaf: leaf(departmentContent(value)), from: from({ group_no: 'hr' }) }),
      );
    const changes = [
      ...compareDepartments(
        entries(one('A', 'A'), one('B', 'B'), one('C', 'C')),
        entries(one('B', 'Sales', 'C'), one('C', 'C'), one('D', 'D')),
      ),
    ];
    assert.deepEqual(
      changes.map(({ event, key }) => `${event} ${key}`),
      ['removed A', 'modified B', 'added D'],
    );
    const [, modified] = changes;
    assert.deepEqual(modified?.event === 'modified' && modified.fields, [
      { field: 'display_name', old: 'B', new: 'Sales', source: 'hr' },
      { field: 'parent_group_no', old: '', new: 'C', source: 'hr' },
    ]);
  });
});

describe('memberships', () => {
  const list = (change: Change<Person> | undefined) =>
    change ? membershipChanges(change).map(({ event, group_no, source }) => `${event} ${group_no} ${source}`) : [];
  test('that a change brings and takes, in the order of departments', () => {
    const [change] = differences(
      [person('a', { departments: ['A', 'B', 'D'] })],
      [person('a', { departments: ['A', 'C', 'E'] })],
      { departments: 'ad' },
    );
    assert.deepEqual(list(change), ['removed B ad', 'added C ad', 'removed D ad', 'added E ad']);
    assert.deepEqual(fieldsOf(change), []);
  });
  test('come and go with their person', () => {
    const one = person('a', { departments: ['A', 'B'] });
    assert.deepEqual(list(differences([], [one])[0]), ['added A hr', 'added B hr']);
    assert.deepEqual(list(differences([one], [])[0]), ['removed A hr', 'removed B hr']);
  });
});

describe('how many', () => {
  test('of each, where a rename is no modification and a move between departments neither', () => {
    const before = [person('a'), person('b', { departments: ['A'] }), person('c'), person('d'), person('e')];
    const after = [
      person('a', { login: 'a2', company: 'C' }),
      person('b', { departments: ['B'] }),
      person('c', { company: 'C' }),
      person('e'),
      person('f', { departments: ['A'] }),
      person('g'),
    ];
    const changes = differences(before, after);
    assert.deepEqual(countChanges(changes, []), {
      people_added: 2,
      people_modified: 1,
      people_removed: 1,
      people_renamed: 1,
      departments_added: 0,
      departments_modified: 0,
      departments_removed: 0,
      memberships_added: 2,
      memberships_removed: 1,
    });
    assert.deepEqual(
      changes.filter(isRename).map(one => one.key),
      ['hr/a'],
    );
    assert(!isUnchanged(countChanges(changes, [])));
  });
  test('of nothing', () => {
    assert(Object.values(NO_CHANGES).every(count => count === 0));
    assert(isUnchanged(NO_CHANGES));
  });
});

test('whatever the rosters are, the changes are those between them', () => {
  const owns = ['a', 'b', 'ﾊ', '𠮷', '__proto__', 'constructor'];
  const roster = fc.uniqueArray(
    fc.record({
      own: fc.constantFrom(...owns),
      company: fc.constantFrom('', 'C'),
      departments: fc.constantFrom<string[][]>([], ['A'], ['A', 'B']),
    }),
    { selector: one => one.own },
  );
  fc.assert(
    fc.property(roster, roster, (old, now) => {
      const before = old.map(({ own, ...some }) => person(own, some));
      const after = now.map(({ own, ...some }) => person(own, some));
      const changed = new Map(differences(before, after).map(change => [change.key, change]));
      for (const own of owns) {
        const [was, is] = [before, after].map(list => list.find(one => one.username === own));
        const change = changed.get(`hr/${own}`);
        const expected = !was
          ? is
            ? 'added'
            : undefined
          : !is
            ? 'removed'
            : personContent(was) === personContent(is)
              ? undefined
              : 'modified';
        assert.equal(change?.event, expected);
      }
      const counts = countChanges(changed.values(), []);
      assert.equal(after.length, before.length + counts.people_added - counts.people_removed);
      const memberships = (people: readonly Person[]) => people.reduce((sum, one) => sum + one.departments.length, 0);
      assert.equal(memberships(after), memberships(before) + counts.memberships_added - counts.memberships_removed);
      assert.equal(isUnchanged(counts), changed.size === 0);
    }),
  );
});
