import type { OmflowState } from '../support/omflow.ts';

/** Somebody in the simulation: what their row says, and what OMFLOW is to know of them. */
export interface Worker {
  readonly system: 'hr' | 'contractors';
  /** The key of their row; also their number. */
  id: string;
  /** Under which they were first served, and so are for ever. */
  readonly username: string;
  account: string;
  mail: string;
  name: string;
  readonly sex: 'F' | 'M';
  tel: string;
  department: string;
  /** Other departments that they are in. */
  also: readonly string[];
  /** The first day on which they are not there any more. */
  leaves: string | undefined;
  /** What their row says instead of `mail`, although it may not be theirs. */
  claims: string | undefined;
  /**
   * `listed`: a row of their own. `deleted`: none. `usurped`: somebody else has the key of their row, and they are served as
   * they were. `refused`: a row that may not be served before somebody has put it right.
   */
  standing: 'listed' | 'deleted' | 'usurped' | 'refused';
  /** Back under another key than before: only username and email together tell who they are, so neither may change. */
  readonly rekeyed: boolean;
  /** The first day on which something else may happen to them. */
  freeOn: number;
}

export interface Unit {
  readonly code: string;
  name: string;
  parent: string;
}

export type Row = Record<string, string | null>;

/** What stands in the systems that rosterd reads. */
export interface Tables {
  readonly employees: readonly Row[];
  readonly departments: readonly Row[];
  readonly members: readonly Row[];
  readonly contractors: readonly Row[];
}

/** A company with everything that is true about it; nothing of rosterd is in here. */
export class Company {
  readonly workers: Worker[] = [];
  readonly units = new Map<string, Unit>();
  /** Emails that went from one to another. */
  readonly passedOn = new Set<string>();
  /** The first day on which another department may be dissolved. */
  nextClosing = 0;
  #count = 0;

  /** Somebody new, with a row; what is not given follows from a number of their own. */
  hire(system: Worker['system'], department: string, given: Partial<Worker> = {}): Worker {
    const number = this.next();
    const account = `user${number}`;
    const worker: Worker = {
      system,
      id: system === 'hr' ? `${number}` : `C${number}`,
      username: given.account ?? account,
      account,
      mail: `${account}@acme.example`,
      name: `林小明 ${number}`,
      sex: number % 2 ? 'M' : 'F',
      tel: telephone(number),
      department,
      also: [],
      leaves: undefined,
      claims: undefined,
      standing: 'listed',
      rekeyed: false,
      freeOn: 0,
      ...given,
    };
    this.workers.push(worker);
    return worker;
  }

  open(parent: string, code = `D${this.next()}`): Unit {
    const unit = { code, name: `Department ${code}`, parent };
    this.units.set(code, unit);
    return unit;
  }

  /** A number that nothing else has. */
  next(): number {
    this.#count += 1;
    return this.#count;
  }

  children(code: string): Unit[] {
    return [...this.units.values()].filter(unit => unit.parent === code);
  }

  /** Whether a department is another one, or below it. */
  isWithin(code: string, other: string): boolean {
    for (let at = code; at !== ''; at = this.units.get(at)?.parent ?? '') if (at === other) return true;
    return false;
  }

  depth(code: string): number {
    const parent = this.units.get(code)?.parent;
    return parent === undefined ? 0 : 1 + this.depth(parent);
  }

  /** What OMFLOW is to have on a day. */
  truth(today: string): OmflowState {
    const served = this.workers.filter(one => isServed(one, today));
    const members = new Map<string, string[]>();
    for (const { username, department, also } of served) {
      for (const code of [department, ...also]) members.set(code, [...(members.get(code) ?? []), username]);
    }
    return {
      user_info_list: served.map(onTheWire).sort((a, b) => (a.username < b.username ? -1 : 1)),
      group_info_list: [...this.units.values()]
        .sort((a, b) => (a.code < b.code ? -1 : 1))
        .map(({ code, name, parent }) => ({
          display_name: name,
          group_no: code,
          parent_group_no: parent,
          user_list: (members.get(code) ?? []).sort(),
        })),
    };
  }

  /** What the systems say on a day. */
  tables(today: string): Tables {
    const rows = this.workers.filter(one => one.standing === 'listed' || one.standing === 'refused');
    const employees = rows.filter(one => one.system === 'hr');
    const contractors = rows.filter(one => one.system === 'contractors' && !hasLeft(one, today));
    return {
      employees: employees.map(employeeRow),
      departments: [...this.units.values()].map(({ code, name, parent }) => ({ code, name, parent })),
      members: employees.flatMap(one => one.also.map(dept_code => ({ emp_id: one.id, dept_code }))),
      contractors: contractors.map(({ id, name, account, mail, tel, department }) => ({
        no: id,
        account,
        name,
        mail,
        tel,
        unit: department,
      })),
    };
  }
}

export const hasLeft = ({ leaves }: Worker, today: string) => leaves !== undefined && leaves <= today;

const isServed = (one: Worker, today: string) =>
  one.standing === 'usurped' || (one.standing === 'listed' && !hasLeft(one, today));

export const telephone = (number: number) => `02-5550-${String(number % 10_000).padStart(4, '0')}`;

const employeeRow = (one: Worker): Row => ({
  emp_id: one.id,
  account: one.account,
  mail: one.claims ?? one.mail,
  name: one.name,
  sex: one.sex,
  dept_code: one.department,
  tel: one.tel,
  leave_date: one.leaves ?? null,
});

const onTheWire = (one: Worker) => ({
  username: one.username,
  email: one.mail,
  nick_name: one.name,
  ad_no: one.id,
  company: one.system === 'hr' ? '' : 'Contractor',
  phone1: one.tel,
  phone2: '',
  extension_no: '',
  gender: one.system === 'hr' && one.sex === 'F' ? 'female' : 'male',
});
