import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Department, groupNo, type Person, personKey, sourceName, username } from '../../src/roster/model.ts';
import { parentsFirst, renderer } from '../../src/roster/render.ts';

const person = (name: string, departments: readonly string[] = [], some: Partial<Person> = {}): Person => ({
  key: personKey(sourceName('hr'), name),
  username: username(name),
  login: `${name}-login`,
  email: `${name}@x.y`,
  nick_name: name.toUpperCase(),
  ad_no: '',
  company: '',
  phone1: '',
  phone2: '',
  extension_no: '',
  gender: 'male',
  departments: departments.map(groupNo),
  extra: [['secret', 'never served']],
  ...some,
});

const department = (code: string, parent = '', name = code): Department => ({
  group_no: groupNo(code),
  display_name: name,
  parent_group_no: groupNo(parent),
});

function text(people: readonly Person[], departments: readonly Department[], page = people.length): string {
  const writer = renderer();
  let whole = '';
  for (let start = 0; start < people.length; start += page) whole += writer.people(people.slice(start, start + page));
  return whole + writer.end(departments);
}

test('the exact bytes', () => {
  const people = [
    person('ann', ['B'], { phone1: '02-1', nick_name: '王 "A" \u2028🙂' }),
    person('ben', ['A', 'B'], { gender: 'female' }),
  ];
  assert.equal(
    text(people, [department('B', 'A', 'Sales'), department('A')]),
    '{"status":"success","user_info_list":[' +
      '{"username":"ann","email":"ann@x.y","nick_name":"王 \\"A\\" \u2028🙂","ad_no":"","company":"","phone1":"02-1","phone2":"","extension_no":"","gender":"male"},' +
      '{"username":"ben","email":"ben@x.y","nick_name":"BEN","ad_no":"","company":"","phone1":"","phone2":"","extension_no":"","gender":"female"}' +
      '],"group_info_list":[' +
      '{"display_name":"A","group_no":"A","parent_group_no":"","user_list":["ben"]},' +
      '{"display_name":"Sales","group_no":"B","parent_group_no":"A","user_list":["ann","ben"]}]}',
  );
});

test('nobody and nothing', () => {
  assert.equal(text([], []), '{"status":"success","user_info_list":[],"group_info_list":[]}');
  assert.equal(
    text([], [department('A')]),
    '{"status":"success","user_info_list":[],"group_info_list":[{"display_name":"A","group_no":"A","parent_group_no":"","user_list":[]}]}',
  );
});

test('neither login, key nor extra leaves the house', () => {
  assert.doesNotMatch(text([person('ann')], []), /login|hr\/|secret/);
});

test('in pages of any size it is the same', () => {
  const people = ['a', 'b', 'c', 'd', 'e'].map(name => person(name, ['A']));
  const whole = text(people, [department('A')]);
  for (const page of [1, 2, 3, 4]) assert.equal(text(people, [department('A')], page), whole);
  const writer = renderer();
  assert.equal(writer.people([]) + writer.people(people) + writer.people([]) + writer.end([department('A')]), whole);
});

test('user_list is sorted by bytes, whatever the order of keys', () => {
  const people = ['𠮷', 'ﾊ', 'b', 'B', 'a1', 'a'].map(name => person(name, ['A']));
  const { group_info_list } = JSON.parse(text(people, [department('A')])) as {
    group_info_list: [{ user_list: string[] }];
  };
  assert.deepEqual(group_info_list[0].user_list, ['B', 'a', 'a1', 'b', 'ﾊ', '𠮷']);
});

test('parents come first, then codes by bytes', () => {
  const listed = [
    department('a', 'z'),
    department('ﾊ'),
    department('b', 'a'),
    department('𠮷'),
    department('z'),
    department('A', 'z'),
    department('__proto__'),
    department('constructor', '__proto__'),
  ];
  for (const order of [listed, listed.toReversed()]) {
    assert.deepEqual(
      parentsFirst(order).map(one => one.group_no),
      ['__proto__', 'z', 'ﾊ', '𠮷', 'A', 'a', 'constructor', 'b'],
    );
  }
});

test('a department tree of any shape is served whole, each after its parent', () => {
  const tree = fc
    .array(fc.tuple(fc.nat(), fc.constantFrom('a', 'ﾊ', '𠮷', '__proto__')), { maxLength: 30 })
    .map(list =>
      list.map(([up, name], place) =>
        department(`${name}${place}`, place === 0 || up % 5 === 0 ? '' : `${list[up % place]?.[1]}${up % place}`),
      ),
    );
  fc.assert(
    fc.property(tree, departments => {
      const seen = new Set<string>(['']);
      for (const one of parentsFirst(departments.toReversed())) {
        assert(seen.has(one.parent_group_no));
        seen.add(one.group_no);
      }
      assert.equal(seen.size, departments.length + 1);
      assert.deepEqual(parentsFirst(departments), parentsFirst(departments.toReversed()));
    }),
  );
});

test('more departments side by side than a call takes arguments', () => {
  const many = Array.from({ length: 200_000 }, (_, place) => department(`${place}`));
  assert.equal(parentsFirst(many).length, many.length);
});
