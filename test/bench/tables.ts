import { freshDatabase } from '../support/mariadb.ts';
import { load } from './load.ts';
import { departmentCode, departmentsFor } from './people.ts';

/** What is read: all there is of people, departments and memberships. */
export const QUERIES = {
  people: `SELECT emp_id, account, mail, name, name_en, sex, dept_code, tel, mobile, ext, company, title, cost_center,
    leave_date FROM employees`,
  departments: 'SELECT code, name, parent FROM departments',
  memberships: 'SELECT emp_id, dept_code FROM members',
} as const;

/** The HR database of so many people, on a real server. */
export interface HrTables extends AsyncDisposable {
  /** The address of an account that can only read it. */
  readonly url: string;
  /** Gives one person in a hundred another telephone number, and one in a thousand another department. */
  change(): Promise<void>;
}

/** `server`: the superuser's address. */
export async function hrTables(server: string, size: number): Promise<HrTables> {
  await using starting = new AsyncDisposableStack();
  const database = starting.use(await freshDatabase({ on: server }));
  await load(database.url, size);
  const url = await database.reader();
  const owned = starting.move();
  let changes = 0;
  return {
    url,
    async change() {
      changes += 1;
      const department = departmentCode(changes % departmentsFor(size));
      await database.execute(
        `update employees set tel = concat(?, lpad(emp_id, 8, '0')), dept_code = if(emp_id % 1000 = ?, ?, dept_code)
        where emp_id % 100 = ?`,
        [`${10 + (changes % 90)}-`, changes % 100, department, changes % 100],
      );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The source as the configuration has it, with everything mapped that the tables have. */
export const sourceSettings = (url: string) => ({
  name: 'hr',
  type: 'sql',
  url,
  people: {
    query: QUERIES.people,
    key: 'emp_id',
    map: {
      username: { from: 'account', transform: ['trim', 'lower'] },
      email: 'mail',
      nick_name: ['name', 'name_en'],
      ad_no: 'emp_id',
      company: 'company',
      phone1: 'tel',
      phone2: 'mobile',
      extension_no: 'ext',
      gender: { from: 'sex', map: { M: 'male', F: 'female' } },
      departments: 'dept_code',
    },
    extra: { title: 'title', cost_center: 'cost_center' },
    active: {
      any: [
        { field: 'leave_date', empty: true },
        { field: 'leave_date', after_today: true },
      ],
    },
  },
  departments: {
    query: QUERIES.departments,
    map: { group_no: 'code', display_name: 'name', parent_group_no: 'parent' },
  },
  memberships: { query: QUERIES.memberships, map: { key: 'emp_id', group_no: 'dept_code' } },
});
