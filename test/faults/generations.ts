import { hash } from 'node:crypto';

/**
 * A company of which every generation differs from the others in everybody: whatever were put together of two of them would
 * show.
 */

const PEOPLE = 30;
const DEPARTMENTS = ['A', 'B', 'C', 'D'];
/** One generation in so many has only half of the people: nobody believes that without asking. */
const CRISIS = 4;

export interface Generation {
  readonly employees: readonly (string | number)[][];
  readonly departments: readonly string[][];
  readonly members: readonly (string | number)[][];
}

interface Person {
  readonly id: number;
  readonly account: string;
  readonly department: string;
  /** Where they are as well. */
  readonly also: readonly string[];
}

/** Those who are there; three others a time are away. */
function peopleOf(number: number): Person[] {
  const isAway = (place: number) =>
    number % CRISIS === CRISIS - 1 ? place >= PEOPLE / 2 : (place + number) % (PEOPLE / 3) === 0;
  const at = (place: number) => DEPARTMENTS[place % DEPARTMENTS.length] ?? '';
  return Array.from({ length: PEOPLE }, (_, place) => ({
    id: 101 + place,
    account: `user${101 + place}`,
    department: at(place + number),
    also: [at(place + number + 1), at(place + number + 2)],
  })).filter((_, place) => !isAway(place));
}

const departmentsOf = (number: number) => [
  ['HQ', `Head office ${number}`, ''],
  ...DEPARTMENTS.map(code => [code, `Department ${code} ${number}`, 'HQ']),
];

const telephone = (number: number) => `02-5550-${number}`;

/** Rows for the tables that `hrSource` reads, in the order of their columns. */
export function generation(number: number): Generation {
  const people = peopleOf(number);
  return {
    employees: people.map(({ id, account, department }) => [
      id,
      account,
      `${account}@acme.example`,
      `林小明 ${id}`,
      'F',
      department,
      telephone(number),
    ]),
    departments: departmentsOf(number),
    members: people.flatMap(({ id, also }) => also.map(code => [id, code])),
  };
}

/** The columns of those rows, by table. */
export const COLUMNS = {
  employees: 'emp_id, account, mail, name, sex, dept_code, tel',
  departments: 'code, name, parent',
  members: 'emp_id, dept_code',
} as const;

export const TABLES = `
create table employees (
  emp_id int, account varchar(60), mail varchar(120), name varchar(60), sex char(1), dept_code varchar(20),
  tel varchar(40), leave_date varchar(20)
);
create table departments (code varchar(20), name varchar(60), parent varchar(20));
create table members (emp_id int, dept_code varchar(20));`;

/** What `/sync` has to answer when a generation is what is true, byte for byte. */
function answerTo(number: number): string {
  const people = peopleOf(number);
  const inside = (code: string) => people.filter(one => one.department === code || one.also.includes(code));
  return JSON.stringify({
    status: 'success',
    user_info_list: people.map(({ id, account }) => ({
      username: account,
      email: `${account}@acme.example`,
      nick_name: `林小明 ${id}`,
      ad_no: `${id}`,
      company: '',
      phone1: telephone(number),
      phone2: '',
      extension_no: '',
      gender: 'female',
    })),
    group_info_list: departmentsOf(number).map(([code = '', name, parent]) => ({
      display_name: name,
      group_no: code,
      parent_group_no: parent,
      user_list: inside(code).map(one => one.account),
    })),
  });
}

export const digestOf = (body: string | Uint8Array): string => hash('sha256', body);

/** All that was ever true, by the digest of its answer. */
export class Truths {
  readonly #generations = new Map<string, number>();
  #count = 0;

  /** `count`: how many generations there have been. */
  constructor(count = 0) {
    while (this.#count < count) this.announce();
  }

  get count(): number {
    return this.#count;
  }

  /** The next generation counts as true, before anybody can read it; gives its number. */
  announce(): number {
    this.#count += 1;
    this.#generations.set(digestOf(answerTo(this.#count)), this.#count);
    return this.#count;
  }

  /** Which generation an answer with this digest tells; undefined for something that never was true. */
  of(digest: string): number | undefined {
    return this.#generations.get(digest);
  }
}
