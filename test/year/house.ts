import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLine } from '../../src/line.ts';
import type { Snapshot } from '../../src/roster/model.ts';
import { type Approval, approve } from '../../src/runs/approve.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { type Line, type RunResult, run } from '../../src/runs/run.ts';
import type { Clock } from '../../src/sources/clock.ts';
import { openSources } from '../../src/sources/open.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { configOf } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrSettings, hrSource } from '../support/hr.ts';
import type { Row, Tables } from './company.ts';

/** Tells the line what time it is, and never waits. */
export interface Calendar {
  /** `YYYY-MM-DD`. */
  today: string;
  now(): Date;
}

/** A line on a personnel database and a file of contractors that a simulation writes, with a store of its own. */
export interface YearHouse extends AsyncDisposable {
  readonly store: Store;
  readonly line: Line;
  /** The personnel database's file. */
  readonly database: string;
  /** The contractors' file. */
  readonly contractors: string;
  /** Renews everything that the sources read, views and files included. */
  write(tables: Tables): void;
  /** The same, of the personnel database alone. */
  load(tables: Tables): void;
  /** Changes the personnel database behind everybody's back. */
  sql(text: string): void;
  /** The line as another configuration of the personnel database would make it. */
  reconfigured(people: Record<string, unknown>): Promise<Line>;
  pull(line?: Line): Promise<RunResult>;
  /** Approves the hold that stands. */
  approve(): Promise<Approval>;
  /** The newest snapshot and its answer to `/sync`. */
  served(): Promise<Served>;
  /** Records that OMFLOW was given it. */
  delivered(served: Served, finished?: boolean): Promise<void>;
}

export interface Served {
  readonly snapshot: Snapshot;
  readonly body: string;
}

const SCHEMA = `
pragma journal_mode = wal; pragma synchronous = off;
create table staff (
  emp_id integer, account text, mail text, name text, sex text, dept_code text, tel text, leave_date text
);
create table departments (code text, name text, parent text);
create table members (emp_id integer, dept_code text)`;

/** The personnel source reads a view, as where somebody else looks after the database. */
const VIEW = 'drop view if exists employees; create view employees as select * from staff';

export async function openYearHouse(calendar: Calendar, guards: Record<string, unknown>): Promise<YearHouse> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  const database = join(path, 'hr.db');
  const contractors = join(path, 'contractors.csv');
  const hr = stack.use(new DatabaseSync(database));
  hr.exec(SCHEMA);
  const settings = (people: Record<string, unknown> = {}) => {
    const source = hrSource(`sqlite:${database}`);
    const own = { ...source, people: { ...source.people, ...people } };
    return hrSettings(path, '', { sources: [own, contractorsIn(contractors)], authenticate: [], guards });
  };
  const config = configOf(settings());
  const store = stack.use(await openStore(config.store, { migrate: true }));
  const times = { now: () => calendar.now(), today: () => calendar.today };
  const lineOf = async (people?: Record<string, unknown>): Promise<Line> => {
    const own = configOf(settings(people));
    return { ...(await openLine(own, store)), sources: await openSources(own.sources, impatient), ...times };
  };
  const line = await lineOf();
  const signal = new AbortController().signal;
  const owned = stack.move();
  return {
    store,
    line,
    database,
    contractors,
    load: tables => rewrite(hr, tables),
    write(tables) {
      rewrite(hr, tables);
      writeFileSync(contractors, csv(tables.contractors));
    },
    sql: text => hr.exec(text),
    reconfigured: lineOf,
    pull: (other = line) => run(other, { cause: 'pull', dryRun: false, signal }),
    async approve() {
      const hold = await store.holds.open();
      if (!hold) throw new Error('no hold stands');
      return await approve(line, { hold: hold.number, reason: 'as announced', signal });
    },
    async served() {
      const snapshot = await store.snapshots.newest();
      if (!snapshot) throw new Error('nothing was published');
      return { snapshot, body: new TextDecoder().decode(await renderSnapshot(store, snapshot.number)) };
    },
    async delivered({ snapshot, body }, finished = true) {
      const bytes = Buffer.byteLength(body);
      const delivery = { id: randomUUID(), snapshot: snapshot.number, client: 'omflow', at: calendar.now() };
      await store.deliveries.add([{ ...delivery, finished, bytes: finished ? bytes : bytes >> 1 }]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const impatient: Clock = { now: () => Date.now(), wait: async () => {}, random: () => 0.5 };

const contractorsIn = (file: string) => ({
  name: 'contractors',
  type: 'csv',
  people: {
    file,
    key: 'no',
    map: {
      username: 'account',
      email: 'mail',
      nick_name: 'name',
      ad_no: 'no',
      company: { const: 'Contractor' },
      phone1: 'tel',
      departments: 'unit',
    },
  },
});

function rewrite(hr: DatabaseSync, { employees, departments, members }: Tables): void {
  hr.exec(`begin; delete from staff; delete from departments; delete from members; ${VIEW}`);
  insert(hr, 'staff', employees);
  insert(hr, 'departments', departments);
  insert(hr, 'members', members);
  hr.exec('commit');
}

function insert(hr: DatabaseSync, table: string, rows: readonly Row[]): void {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  const statement = hr.prepare(`insert into ${table} (${columns}) values (${columns.map(() => '?')})`);
  for (const row of rows) statement.run(...Object.values(row));
}

export const CONTRACTOR_COLUMNS = 'no,account,name,mail,tel,unit';

const csv = (rows: readonly Row[]) =>
  `${[CONTRACTOR_COLUMNS, ...rows.map(row => Object.values(row).join())].join('\n')}\n`;
