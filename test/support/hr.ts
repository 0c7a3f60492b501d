import { join } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { configOf } from './config.ts';
import { freshDatabase } from './mariadb.ts';

/** A small legacy HR schema on a real MariaDB, with an account that can only read it. */
export interface HrDatabase extends AsyncDisposable {
  /** The reader's address. */
  readonly url: string;
  execute(sql: string, values?: unknown[]): Promise<unknown>;
}

const SCHEMA = `
create table employees (
  emp_id int primary key, account varchar(60), mail varchar(120), name varchar(60) character set utf8mb4, sex char(1),
  dept_code varchar(20), tel varchar(40), leave_date varchar(20), password_hash varchar(200)
);
create table departments (code varchar(20) primary key, name varchar(60) character set utf8mb4, parent varchar(20));
create table members (emp_id int, dept_code varchar(20));
insert into departments values ('HQ', 'Head office', ''), ('RD', 'Research', 'HQ'), ('RD-2', '研發二部', 'RD'), ('SALES', '営業部', 'HQ');
insert into employees values
  (1, 'a.lin', 'a.lin@acme.example', '林雅婷', 'F', 'RD-2', '02-5550-0101', null, null),
  (2, 'j.wu', 'j.wu@acme.example', 'Jun Wu', 'M', 'RD', '02-5550-0102', '', null),
  (3, 'm.chen', 'm.chen@acme.example', '陳美玲', 'F', 'SALES', '02-5550-0103', '0000-00-00', null),
  (4, 's.mori', 's.mori@acme.example', '森 さくら', 'F', 'SALES', '03-5550-0104', '2099-12-31', null),
  (5, 'b.okafor', 'b.okafor@acme.example', 'Ben Okafor', 'M', 'HQ', '020-5550-0105', null, null),
  (6, 'k.sato', 'k.sato@acme.example', '佐藤 健', 'M', 'RD', '03-5550-0106', null, null),
  (7, 'old.timer', 'old.timer@acme.example', 'Olga Timer', 'F', 'HQ', '', '2020-01-31', null);
insert into members values (1, 'SALES');
`;

/** The schema above with its seven people, of whom one has left. */
export async function hrDatabase(): Promise<HrDatabase> {
  const database = await freshDatabase();
  await database.execute(SCHEMA);
  return {
    url: await database.reader(),
    execute: (sql, values) => database.execute(sql, values),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Hires so many people at once, with numbers from 101 on. */
export async function hire(hr: HrDatabase, count: number): Promise<void> {
  const person = (at: number) => {
    const account = `user${at}`;
    const tel = `02-${String(at).padStart(8, '0')}`;
    return [at, account, `${account}@acme.example`, `林小明 ${at}`, 'F', at % 2 ? 'RD' : 'SALES', tel, null, null];
  };
  for (let from = 0; from < count; from += HIRED_AT_ONCE) {
    const some = Array.from({ length: Math.min(HIRED_AT_ONCE, count - from) }, (_, at) => person(101 + from + at));
    await hr.execute('insert into employees values ?', [some]);
  }
}

const HIRED_AT_ONCE = 10_000;

/** The source that reads the schema above, as a configuration has it. */
export const hrSource = (url: string) => ({
  name: 'hr',
  type: 'sql',
  url,
  timeouts: { connect: '2s', idle: '2s', query: '20s' },
  people: {
    query: 'SELECT * FROM employees',
    key: 'emp_id',
    map: {
      username: { from: 'account', transform: ['trim', 'lower'] },
      email: 'mail',
      nick_name: 'name',
      ad_no: 'emp_id',
      phone1: 'tel',
      gender: { from: 'sex', map: { M: 'male', F: 'female' } },
      departments: 'dept_code',
    },
    active: {
      any: [
        { field: 'leave_date', empty: true },
        { field: 'leave_date', after_today: true },
      ],
    },
  },
  departments: {
    query: 'SELECT * FROM departments',
    map: { group_no: 'code', display_name: 'name', parent_group_no: 'parent' },
  },
  memberships: { table: 'members', map: { key: 'emp_id', group_no: 'dept_code' } },
});

/** The token of the client `omflow` in {@link hrSettings}, and its hash. */
export const TOKEN = 'a-token-for-tests';
const TOKEN_HASH = 'sha256:9237b94c86ee59b8e51197999c04d4570522a9bfb16047aa5b59613faefa515d';

/** A configuration as it would stand in a file: the HR source, a store in `folder`, a server on a free port. */
export const hrSettings = (folder: string, url: string, more: Record<string, unknown> = {}) => ({
  timezone: 'Asia/Taipei',
  store: `sqlite:${join(folder, 'roster.db')}`,
  server: {
    listen: '127.0.0.1:0',
    clients: [{ name: 'omflow', scopes: ['sync', 'authenticate'], token_hash: TOKEN_HASH }],
  },
  sync: { fresh_for: '0s' },
  sources: [hrSource(url)],
  authenticate: [{ type: 'sql', url, query: 'SELECT password_hash FROM employees WHERE account = ?', timeout: '5s' }],
  ...more,
});

/** The same, checked and frozen as `loadConfig` gives it. */
export const hrConfig = (folder: string, url: string, more: Record<string, unknown> = {}): Config =>
  configOf(hrSettings(folder, url, more));

/** A success body of `/sync`. */
export interface Served {
  readonly status: string;
  readonly user_info_list: readonly Record<string, string>[];
  readonly group_info_list: readonly {
    readonly display_name: string;
    readonly group_no: string;
    readonly parent_group_no: string;
    readonly user_list: readonly string[];
  }[];
}
