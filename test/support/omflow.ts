import type { Served } from './hr.ts';

/** A step that OMFLOW's database refused: the sync fails there, and what came before it stays. */
export class OmflowRefused extends Error {
  override readonly name = 'OmflowRefused';
  /** What was being written: `user "a.lin"`, `group "RD"`. */
  readonly row: string;
  /** Which rule it broke, and how. */
  readonly constraint: string;

  constructor(row: string, constraint: string) {
    super(`${row}: ${constraint}`);
    this.row = row;
    this.constraint = constraint;
  }
}

export interface OmflowOptions {
  /** Whether people are brought up to date before departments: nobody outside knows which comes first. */
  readonly peopleFirst?: boolean;
}

/** What OMFLOW shows, in the shape of an answer; people sorted by username, departments by code. */
export type OmflowState = Pick<Served, 'user_info_list' | 'group_info_list'>;

type WirePerson = Served['user_info_list'][number];
type WireDepartment = Served['group_info_list'][number];

interface Person {
  values: WirePerson;
  /** False once an answer came without them: their row stays, with their username and their email. */
  active: boolean;
}

interface Department {
  display_name: string;
  parent: string;
  members: ReadonlySet<string>;
}

/** The columns of a person, with how many characters each takes. */
const COLUMNS = Object.entries({
  username: 150,
  email: 254,
  nick_name: 50,
  ad_no: 100,
  company: 200,
  phone1: 20,
  phone2: 20,
  extension_no: 20,
  gender: 6,
});
const GENDERS = ['male', 'female'];
const DEPARTMENT_COLUMNS = Object.entries({ group_no: 150, display_name: 200, parent_group_no: 150 });

/**
 * What OMFLOW does with the answers to `/sync`, as a second implementation: it compares each with what it has, adds,
 * modifies and deletes row by row, and commits as it goes. See "How the real client behaves" in the contract. Strict where
 * databases differ: names that differ in letter case alone are the same.
 */
export class Omflow {
  readonly #people = new Map<string, Person>();
  /** Whose each folded username and email is: unique, also among those who were deleted. */
  readonly #usernames = new Map<string, string>();
  readonly #emails = new Map<string, string>();
  readonly #departments = new Map<string, Department>();
  readonly #deleted = new Set<string>();
  readonly #lost: string[] = [];
  readonly #returned: string[] = [];
  readonly #peopleFirst: boolean;

  constructor({ peopleFirst = false }: OmflowOptions = {}) {
    this.#peopleFirst = peopleFirst;
  }

  /** Departments that an answer listed and that were deleted all the same, with one above them. What hung on them is gone. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** Departments that came back after an answer without them: made anew, so what hung on the old ones stays broken. */
  get returned(): readonly string[] {
    return this.#returned;
  }

  /** Takes the body of an answer; one that says `fail` changes nothing. Throws an {@link OmflowRefused}. */
  receive(body: string | Uint8Array): void {
    const answer = JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (answer.status === 'fail') return;
    if (answer.status !== 'success') throw new TypeError(`an answer with the status ${JSON.stringify(answer.status)}`);
    const { user_info_list: people, group_info_list: departments } = answer as Served;
    const steps = [() => this.#takeDepartments(departments), () => this.#takePeople(people)];
    for (const step of this.#peopleFirst ? steps.reverse() : steps) step();
    for (const one of departments) this.#enrol(one);
  }

  /** Who is active and which departments there are. */
  state(): OmflowState {
    const active = [...this.#people.values()].filter(one => one.active).map(one => one.values);
    return {
      user_info_list: active.sort((a, b) => inOrder(a['username'], b['username'])),
      group_info_list: [...this.#departments]
        .sort(([a], [b]) => inOrder(a, b))
        .map(([code, one]) => onTheWire(code, one)),
    };
  }

  #takeDepartments(list: readonly WireDepartment[]): void {
    const listed = new Set(list.map(one => one.group_no));
    for (const code of [...this.#departments.keys()]) if (!listed.has(code)) this.#delete(code, listed);
    const seen = new Set<string>();
    for (const one of list) {
      const row = `group ${JSON.stringify(one.group_no)}`;
      refuseUnless(!seen.has(folded(one.group_no)), row, 'group_no is not unique');
      seen.add(folded(one.group_no));
      this.#saveDepartment(row, one);
    }
  }

  /** A cascade: whatever is below it goes with it, by the tree that OMFLOW has and not by the one that it is given. */
  #delete(code: string, listed: ReadonlySet<string>): void {
    if (!this.#departments.delete(code)) return;
    if (listed.has(code)) this.#lost.push(code);
    else this.#deleted.add(code);
    for (const [child, { parent }] of [...this.#departments]) if (parent === code) this.#delete(child, listed);
  }

  #saveDepartment(row: string, { group_no, display_name, parent_group_no }: WireDepartment): void {
    refuseUnfit(row, { group_no, display_name, parent_group_no }, DEPARTMENT_COLUMNS);
    const isThere = parent_group_no === '' || this.#departments.has(parent_group_no);
    refuseUnless(isThere, row, `parent_group_no ${JSON.stringify(parent_group_no)} is no group`);
    const known = this.#departments.get(group_no);
    if (!known && this.#deleted.delete(group_no)) this.#returned.push(group_no);
    this.#departments.set(group_no, { display_name, parent: parent_group_no, members: known?.members ?? new Set() });
  }

  #takePeople(list: readonly WirePerson[]): void {
    const listed = new Set(list.map(one => one['username']));
    for (const [username, one] of this.#people) one.active &&= listed.has(username);
    const seen = new Set<string>();
    for (const one of list) {
      const row = `user ${JSON.stringify(one['username'])}`;
      refuseUnfit(row, one, COLUMNS);
      refuseUnless(GENDERS.includes(one['gender'] ?? ''), row, `gender is ${JSON.stringify(one['gender'])}`);
      refuseUnless(!seen.has(folded(one['username'])), row, 'username is not unique');
      seen.add(folded(one['username']));
      this.#savePerson(row, one);
    }
  }

  #savePerson(row: string, values: WirePerson): void {
    const { username = '', email = '' } = values;
    const before = this.#people.get(username);
    if (before?.values['email'] !== email) this.#takeNames(row, username, email);
    this.#people.set(username, { values, active: true });
  }

  #takeNames(row: string, username: string, email: string): void {
    this.#refuseUnlessFree(row, this.#usernames.get(folded(username)), { username, what: 'username' });
    this.#refuseUnlessFree(row, this.#emails.get(folded(email)), { username, what: `email ${JSON.stringify(email)}` });
    const before = this.#people.get(username);
    if (before) this.#emails.delete(folded(before.values['email']));
    this.#usernames.set(folded(username), username);
    this.#emails.set(folded(email), username);
  }

  #refuseUnlessFree(row: string, owner: string | undefined, { username, what }: { username: string; what: string }) {
    if (owner === undefined || owner === username) return;
    const deleted = this.#people.get(owner)?.active ? '' : 'the deleted ';
    refuseUnless(false, row, `${what} is not unique: it is that of ${deleted}user ${JSON.stringify(owner)}`);
  }

  #enrol({ group_no, user_list }: WireDepartment): void {
    const row = `group ${JSON.stringify(group_no)}`;
    for (const name of user_list) {
      refuseUnless(
        this.#people.get(name)?.active === true,
        row,
        `user_list names ${JSON.stringify(name)}, who is no user`,
      );
    }
    refuseUnless(new Set(user_list).size === user_list.length, row, 'user_list names somebody twice');
    const department = this.#departments.get(group_no);
    if (department) department.members = new Set(user_list);
  }
}

/** Where what OMFLOW has is not what it should have, a line for each user and group. */
export function differences(has: OmflowState, should: OmflowState): string[] {
  if (JSON.stringify(has) === JSON.stringify(should)) return [];
  return [
    ...unequal('user', byName(has.user_info_list, 'username'), byName(should.user_info_list, 'username')),
    ...unequal('group', byName(has.group_info_list, 'group_no'), byName(should.group_info_list, 'group_no')),
  ];
}

const byName = <One>(list: readonly One[], field: keyof One) =>
  new Map(list.map(one => [String(one[field]), JSON.stringify(one)] as const));

function unequal(kind: string, has: ReadonlyMap<string, string>, should: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...has.keys(), ...should.keys()])].filter(name => has.get(name) !== should.get(name));
  return names.map(
    name => `${kind} ${name}: has ${has.get(name) ?? 'none'}, and should have ${should.get(name) ?? 'none'}`,
  );
}

const onTheWire = (group_no: string, { display_name, parent, members }: Department): WireDepartment => ({
  display_name,
  group_no,
  parent_group_no: parent,
  user_list: [...members].sort(inOrder),
});

/** By UTF-16 units; any order does that is always the same. */
const inOrder = (a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0);

const ascii = /^[ -~]*$/;
const folded = (text = '') => (ascii.test(text) ? text : text.normalize('NFKC')).toLowerCase();

/** Every column is there, a text, and not too long. */
function refuseUnfit(row: string, values: Readonly<Record<string, unknown>>, columns: typeof COLUMNS): void {
  for (const [name, longest] of columns) {
    const value = values[name];
    if (typeof value === 'string' && value.length <= longest) continue;
    refuseUnless(typeof value === 'string', row, `${name} is ${value === undefined ? 'missing' : `${value}`}`);
    const length = [...value].length;
    refuseUnless(length <= longest, row, `${name} has ${length} characters, and there is room for ${longest}`);
  }
}

function refuseUnless(condition: boolean, row: string, constraint: string): asserts condition {
  if (!condition) throw new OmflowRefused(row, constraint);
}
