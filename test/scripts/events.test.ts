import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { differenceText } from '../../scripts/text/changes.ts';
import { fieldEvents } from '../../scripts/text/events.ts';
import type { Look } from '../../scripts/text/look.ts';
import { totalsText } from '../../scripts/text/totals.ts';
import { compareDepartments, comparePeople, entryOf } from '../../src/roster/compare.ts';
import { departmentContent, leaf, personContent } from '../../src/roster/leaf.ts';
import { type Department, groupNo, type Person, personKey, sourceName, username } from '../../src/roster/model.ts';
import { sortedSet } from '../../src/roster/order.ts';
import { countsOf, type Difference } from '../../src/views/difference.ts';

const look: Look = { zone: 'UTC', colour: false, mask: false, width: 100 };

const word = fc.constantFrom('', 'a', 'b', '林', '__proto__');
const codes = fc.array(fc.constantFrom('RD', 'S', 'constructor'), { maxLength: 3 });

const person = fc
  .record({
    own: fc.constantFrom('1', '2', '3', '4'),
    login: word,
    email: word,
    phone1: word,
    departments: codes,
    cost: word,
  })
  .map(({ own, login, email, phone1, departments, cost }): Person => {
    const name = `u${own}`;
    return {
      key: personKey(sourceName('hr'), own),
      username: username(name),
      login: login || name,
      email,
      nick_name: name,
      ad_no: '',
      company: '',
      phone1,
      phone2: '',
      extension_no: '',
      gender: 'male',
      departments: sortedSet(departments.map(groupNo)),
      extra: cost === '' ? [] : [['cost', cost]],
    };
  });

const department = fc
  .record({ code: fc.constantFrom('RD', 'S', 'constructor'), name: word, parent: fc.constantFrom('', 'RD', 'S') })
  .map(({ code, name, parent }): Department => {
    return {
      group_no: groupNo(code),
      display_name: name || code,
      parent_group_no: parent === '' ? '' : groupNo(parent),
    };
  });

const roster = fc.record({
  people: fc.uniqueArray(person, { selector: one => one.key }),
  departments: fc.uniqueArray(department, { selector: one => one.group_no }),
});
type Roster = typeof roster extends fc.Arbitrary<infer One> ? One : never;

const sorted = <One extends { key: string }>(entries: One[]) => entries.sort((a, b) => (a.key < b.key ? -1 : 1));

function difference(before: Roster, after: Roster): Difference {
  const people = (list: readonly Person[]) =>
    sorted(list.map(value => entryOf(value.key, { value, leaf: leaf(personContent(value)), from: {} })));
  const departments = (list: readonly Department[]) =>
    sorted(list.map(value => entryOf(value.group_no, { value, leaf: leaf(departmentContent(value)), from: {} })));
  return {
    people: [...comparePeople(people(before.people), people(after.people))],
    departments: [...compareDepartments(departments(before.departments), departments(after.departments))],
    quarantined: [],
  };
}

/** How many people, departments and memberships the JSON objects speak of, by event. */
function tally(one: Difference): Record<string, number> {
  const seen = new Map<string, Set<string>>();
  for (const { event, key, old, new: now } of fieldEvents(one)) {
    const subject = event.startsWith('membership') ? `${key} ${old}${now}` : key;
    seen.set(event, (seen.get(event) ?? new Set()).add(subject));
  }
  return Object.fromEntries([...seen].map(([event, subjects]) => [event, subjects.size]));
}

test('the JSON form speaks of as many changes as the totals of the text', () => {
  fc.assert(
    fc.property(roster, roster, (before, after) => {
      const one = difference(before, after);
      const counts = countsOf(one);
      const { 'person.added': added = 0, 'person.modified': modified = 0, ...rest } = tally(one);
      const { 'person.removed': removed = 0, 'person.renamed': renamed = 0, ...others } = rest;
      assert.deepEqual(
        [added, modified, removed, renamed],
        [counts.people_added, counts.people_modified, counts.people_removed, counts.people_renamed],
      );
      assert.deepEqual(
        ['department.added', 'department.modified', 'department.removed', 'membership.added', 'membership.removed'].map(
          event => others[event] ?? 0,
        ),
        [
          ...[counts.departments_added, counts.departments_modified, counts.departments_removed],
          ...[counts.memberships_added, counts.memberships_removed],
        ],
      );
    }),
  );
});

test('every line of the text stands for one of those, and applying the JSON form gives the later roster', () => {
  fc.assert(
    fc.property(roster, roster, (before, after) => {
      const one = difference(before, after);
      const lines = differenceText(one, look);
      const counts = countsOf(one);
      const marks = lines.filter(line => /^ {2}[-+~R] /.test(line)).length;
      const { memberships_added, memberships_removed, ...changes } = counts;
      assert.equal(
        marks,
        Object.values(changes).reduce((sum, count) => sum + count, 0),
      );
      assert.equal(
        lines.at(-1),
        one.people.length + one.departments.length > 0 ? totalsText(counts) : 'nothing changed',
      );
      assert.deepEqual(applied(before, one), fieldsOf(after));
    }),
  );
});

/** Every field of everybody, by key and name; memberships too. */
function fieldsOf({ people, departments }: Roster): Map<string, string> {
  const all = [
    ...[...fieldEvents(difference({ people: [], departments: [] }, { people, departments }))].map(
      ({ event, key, field, new: now }) => entry(event, key, field, now),
    ),
  ];
  return new Map(all.sort());
}

const entry = (event: string, key: string, field: string, value: string): [string, string] => {
  const [kind = ''] = event.split('.');
  return kind === 'membership' ? [JSON.stringify([kind, key, value]), ''] : [JSON.stringify([kind, key, field]), value];
};

function applied(before: Roster, one: Difference): Map<string, string> {
  const fields = fieldsOf(before);
  const events = [...fieldEvents(one)];
  for (const { event, key, field, old } of events) if (old !== '') fields.delete(entry(event, key, field, old)[0]);
  for (const { event, key, field, new: now } of events) {
    const [name, value] = entry(event, key, field, now);
    if (now !== '' && !(field === 'login' && isUsername(key, now))) fields.set(name, value);
  }
  return new Map([...fields].sort());
}

/** A login that is the username is not told of people who are added. */
const isUsername = (key: string, login: string) => login === `u${key.slice('hr/'.length)}`;
