import assert from 'node:assert/strict';
import type { Candidate } from '../../src/roster/candidate.ts';
import type { Person } from '../../src/roster/model.ts';
import type { Rules } from '../../src/roster/tidy.ts';
import { answerOf, RULES } from './shelf.ts';

/** The check table of the OMFLOW contract once more, read from what OMFLOW would get and without any code of the roster. */
export function assertServable(candidate: Candidate, given: Partial<Rules> = {}): void {
  const rules = { ...RULES, ...given };
  const { status, user_info_list: people, group_info_list: departments } = answerOf(candidate);
  assert.equal(status, 'success');
  assert.equal(people.length, candidate.people.size);
  assert.equal(departments.length, candidate.departments.size);
  for (const person of people) onePerson(person, rules);
  unique(
    'username',
    people.map(one => one['username'] ?? ''),
  );
  unique(
    'email',
    people.map(one => one['email'] ?? ''),
  );
  unique(
    'group_no',
    departments.map(one => one.group_no),
  );
  const usernames = new Set(people.map(one => one['username']));
  const above = new Set<string>(['']);
  for (const one of departments) {
    assert.deepEqual(Object.keys(one), ['display_name', 'group_no', 'parent_group_no', 'user_list']);
    between(1, 150, one.group_no, 'group_no');
    between(1, 200, one.display_name, 'display_name');
    noControls(one.group_no, one.display_name);
    assert(above.has(one.parent_group_no), `${one.group_no} comes before its parent ${one.parent_group_no}`);
    above.add(one.group_no);
    assert.deepEqual([...one.user_list], inBytes(new Set(one.user_list)), `user_list of ${one.group_no}`);
    for (const name of one.user_list) assert(usernames.has(name), `${one.group_no} has the unknown member ${name}`);
  }
  for (const [key, { value }] of candidate.people) inside(key, value, candidate);
  unique(
    'username or login',
    [...candidate.people.values()].flatMap(({ value }) => [...new Set([folded(value.username), folded(value.login)])]),
  );
}

const FIELDS = 'username email nick_name ad_no company phone1 phone2 extension_no gender'.split(' ');
const LONGEST = { nick_name: 50, ad_no: 100, company: 200, phone1: 20, phone2: 20, extension_no: 20 };

function onePerson(person: Readonly<Record<string, string>>, rules: Rules): void {
  assert.deepEqual(Object.keys(person), FIELDS);
  for (const value of Object.values(person)) assert.equal(typeof value, 'string');
  const { username = '', email = '', nick_name = '', gender = '' } = person;
  between(1, 150, username, 'username');
  assert.match(username, rules.usernames === 'ascii' ? /^[\w.@+-]+$/ : /^[\p{L}\p{M}\p{N}_.@+-]+$/u);
  between(3, 254, email, 'email');
  const [local = '', domain, ...more] = email.split('@');
  assert(local !== '' && domain && more.length === 0, `${email} is no email`);
  assert.match(local, /^[\x21-\x7e]+$/);
  assert.doesNotMatch(domain, /\s/);
  const reserved = new Set(['system', 'system@system.com', ...rules.reserved].map(folded));
  assert(!reserved.has(folded(username)) && !reserved.has(folded(email)), `${username} <${email}> is reserved`);
  between(1, 50, nick_name, 'nick_name');
  assert(gender === 'male' || gender === 'female');
  for (const [field, longest] of Object.entries(LONGEST)) between(0, longest, person[field] ?? '', field);
  noControls(...Object.values(person));
}

/** What OMFLOW does not see. */
function inside(key: string, { key: own, departments, login, username }: Person, candidate: Candidate): void {
  assert.equal(own, key);
  assert.notEqual(login, '', `${username} has no login`);
  assert.deepEqual([...departments], inBytes(new Set(departments)));
  for (const code of departments) assert(candidate.departments.has(code), `${username} is in the unknown ${code}`);
}

function between(least: number, most: number, text: string, what: string): void {
  const length = [...text].length;
  assert(length >= least && length <= most, `${what} "${text}" has ${length} characters`);
}

function noControls(...texts: readonly string[]): void {
  for (const text of texts) {
    assert(text.isWellFormed(), `${JSON.stringify(text)} has half a character`);
    assert.doesNotMatch(text, /\p{Cc}/u);
  }
}

/** Case folding another way round: by lower, then upper case. */
export const folded = (text: string) =>
  text.trim().normalize('NFKC').toLowerCase().toUpperCase().normalize('NFKC').toLowerCase();

function unique(what: string, names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const twin = seen.get(folded(name));
    assert.equal(twin, undefined, `the ${what} "${name}" is that of "${twin}"`);
    seen.set(folded(name), name);
  }
}

const inBytes = (texts: Iterable<string>) => [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
