import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { GuardName } from '../../src/roster/model.ts';
import type { Line } from '../../src/runs/run.ts';
import type { Source } from '../../src/sources/source.ts';
import type { OmflowState } from '../support/omflow.ts';
import type { Row, Tables } from './company.ts';
import { CONTRACTOR_COLUMNS, type YearHouse } from './house.ts';

/** A day on which what the sources say is not so. The day after, everything is written anew. */
export interface Trouble {
  readonly what: string;
  /** How the run ends: by which guard it is held, or with which problem it fails. */
  readonly ends: { readonly held: GuardName } | { readonly failed: RegExp };
  /** Brings it about, where `tables` is what is true; may give another line to run. */
  bring(house: YearHouse, tables: Tables, truth: OmflowState): Line | Promise<Line> | undefined;
}

/** Rows of people who are served as their rows say, and who are not about to leave. */
const ofIncumbents = ({ employees }: Tables, { user_info_list }: OmflowState): Row[] => {
  const keys = new Map(user_info_list.map(one => [one['username'], one['ad_no']]));
  return employees.filter(row => row['leave_date'] === null && keys.get(row['account'] ?? '') === row['emp_id']);
};

/** A trouble that is in the tables themselves. */
const wrong = (what: string, held: GuardName, spoil: (tables: Tables) => Partial<Tables>): Trouble => ({
  what,
  ends: { held },
  bring(house, tables) {
    house.write({ ...tables, ...spoil(tables) });
    return undefined;
  },
});

const spoilt = (what: string, ends: Trouble['ends'], spoil: (house: YearHouse) => unknown): Trouble => ({
  what,
  ends,
  bring(house) {
    spoil(house);
    return undefined;
  },
});

const every = (rows: readonly Row[], count: number, change: (row: Row) => Row) =>
  rows.map((row, place) => (place % count === 0 ? change(row) : row));

/** The personnel database is down, until it is back. */
export const OUTAGE = spoilt('the personnel database is down', { failed: /hr: there is no database/ }, house => {
  if (existsSync(house.database)) renameSync(house.database, `${house.database}.away`);
});

export const endOutage = (house: YearHouse) => renameSync(`${house.database}.away`, house.database);

const filterView = (condition: string) =>
  `drop view employees; create view employees as select * from staff ${condition}`;

/** Adds what `between` does after the first read of a line's first source. */
function interrupted(line: Line, between: () => void): Line {
  let reads = 0;
  const [first, ...others] = line.sources;
  if (!first) return line;
  const source: Source = {
    name: first.name,
    async *read(pull) {
      yield* first.read(pull);
      reads += 1;
      if (reads === 1) between();
    },
  };
  return { ...line, sources: [source, ...others] };
}

/** Few enough to be believed, if they were missing for good. */
const reload: Trouble = {
  what: 'a nightly reload is caught half-way',
  ends: { failed: /hr: is changing while it is read: [56] were missing at first, [23] when it was read again/ },
  bring(house, tables, truth) {
    const missing = ofIncumbents(tables, truth).slice(0, 5);
    const without = (count: number) => tables.employees.filter(row => !missing.slice(0, count).includes(row));
    house.write({ ...tables, employees: without(5) });
    return interrupted(house.line, () => house.load({ ...tables, employees: without(2) }));
  },
};

/** A query that was changed a little too much: few enough go to be believed, if only they went. */
const miswritten: Trouble = {
  what: 'somebody changes the query and loses a few people',
  ends: { held: 'config' },
  bring(house, tables, truth) {
    const [one] = ofIncumbents(tables, truth);
    return house.reconfigured({ query: `SELECT * FROM employees WHERE emp_id <> ${one?.['emp_id']}` });
  },
};

export const TROUBLES: readonly Trouble[] = [
  spoilt('a botched filter loses a third of the people', { held: 'people_removed' }, house =>
    house.sql(filterView('where emp_id % 3 <> 0')),
  ),
  wrong('the table of employees is half empty', 'source_rows', ({ employees }) => ({
    employees: employees.slice(0, employees.length / 2),
  })),
  wrong('the table of employees is empty', 'source_rows', () => ({ employees: [] })),
  wrong('the table of departments is half empty', 'source_rows', ({ departments }) => ({
    departments: departments.slice(0, departments.length / 2),
  })),
  // Early in the year nobody may be in a second department yet, and then nothing would be lost.
  wrong('the table of memberships, else that of departments, is empty', 'source_rows', ({ members }) =>
    members.length > 0 ? { members: [] } : { departments: [] },
  ),
  wrong('a third of the emails get another domain', 'emails_changed', ({ employees }) => ({
    employees: every(employees, 3, row => ({ ...row, mail: `${row['mail']}.invalid` })),
  })),
  wrong('a third of the people lose their departments', 'no_department', ({ employees }) => ({
    employees: every(employees, 3, row => ({ ...row, dept_code: null })),
    members: [],
  })),
  wrong('test accounts are loaded by mistake', 'people_added', ({ employees }) => ({
    employees: [...employees, ...testAccounts(120)],
  })),
  wrong('the one who is protected is missing', 'protect', ({ employees }) => ({
    employees: employees.filter(row => row['account'] !== PROTECTED),
  })),
  reload,
  miswritten,
  spoilt('a column has another name', { failed: /hr: column "mail" is not in the result/ }, house =>
    house.sql(`drop view employees; create view employees as
      select emp_id, account, mail as mail_address, name, sex, dept_code, tel, leave_date from staff`),
  ),
  spoilt('the file of contractors is gone', { failed: /contractors: .*there is no such file/ }, house =>
    renameSync(house.contractors, `${house.contractors}.away`),
  ),
  spoilt('the file of contractors is cut off', { failed: /contractors: .*line \d+ has 2 fields/ }, house => {
    const text = readFileSync(house.contractors, 'utf8');
    const line = text.indexOf('\n', text.length / 2) + 1;
    writeFileSync(house.contractors, text.slice(0, text.indexOf(',', line) + 1));
  }),
  spoilt('the file of contractors has nobody', { held: 'source_rows' }, house =>
    writeFileSync(house.contractors, `${CONTRACTOR_COLUMNS}\n`),
  ),
];

/** Somebody who is there all year. */
export const PROTECTED = 'root.keeper';

const testAccounts = (count: number): Row[] =>
  Array.from({ length: count }, (_, place) => ({
    emp_id: `${900_000 + place}`,
    account: `test${place}`,
    mail: `test${place}@test.example`,
    name: `Test ${place}`,
    sex: 'M',
    dept_code: null,
    tel: null,
    leave_date: null,
  }));
