import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NEWCOMERS, type Newcomer, SECOND_DAY, TWO_NAMES } from './people.ts';
import { type Employee, employee, someone } from './staff.ts';

/**
 * Makes today of yesterday's company: a department moves, somebody joins, somebody leaves, an email changes. Gives a
 * sentence about each. There is one such day: a second call throws and changes nothing.
 */
export function moveDepartment(path: string): string[] {
  return inTransaction(path, db => [
    hire(db, SECOND_DAY),
    move(db, 'IT', 'TPE'),
    leave(db, employee(db, 'f.doyle')),
    changeEmail(db, employee(db, 's.huang')),
  ]);
}

/**
 * Makes the next small change and gives a sentence about it. Any number of calls finds something to change, and at most
 * one of the seven removes somebody, which keeps even many calls between two runs within the guards.
 */
export function anotherChange(path: string): string {
  return inTransaction(path, db => {
    const step = stepOf(db);
    const change = CYCLE[step % CYCLE.length] ?? CYCLE[0];
    db.exec(`pragma user_version = ${step + 1}`);
    return change(db, step);
  });
}

/** A small change; `step` counts all that were made before, and picks whom it is about. */
type Change = (db: DatabaseSync, step: number) => string;

const CYCLE: readonly [Change, ...Change[]] = [
  (db, step) => hire(db, newcomer(roundOf(step))),
  (db, step) => transfer(db, someone(db, step)),
  (db, step) => changeEmail(db, someone(db, step)),
  (db, step) => leave(db, someone(db, step)),
  (db, step) => renameAccount(db, someone(db, step)),
  (db, step) => renameDepartment(db, roundOf(step)),
  (db, step) => changeExtension(db, someone(db, step)),
];

const roundOf = (step: number) => Math.floor(step / CYCLE.length);

/** SQLite keeps a number in every file for whoever owns it, so the database itself knows how far the demo has come. */
function stepOf(db: DatabaseSync): number {
  return Number(db.prepare('pragma user_version').get()?.['user_version']);
}

/** When all have joined they come again, as namesakes with a number. */
function newcomer(count: number): Newcomer {
  const one = NEWCOMERS[count % NEWCOMERS.length] ?? NEWCOMERS[0];
  const round = Math.floor(count / NEWCOMERS.length);
  return round === 0 ? one : { ...one, name: `${one.name} ${round + 1}` };
}

function hire(db: DatabaseSync, { name, local, sex, department }: Newcomer): string {
  const [given = '', ...family] = name.toLowerCase().split(' ');
  const mailName = `${given}.${family.join('')}`;
  const account = shortName(mailName);
  const ext = freeExtension(db);
  db.prepare(
    `insert into employees (emp_id, account, name, name_local, mail, dept_code, sex, phone, ext, company, hire_date)
     values ('H' || (select max(substr(emp_id, 2)) + 1 from employees), ?, ?, ?, ?, ?, ?, ?, ?, ?, date('now'))`,
  ).run(
    account,
    name,
    local,
    `${mailName}@${DOMAINS[0]}`,
    department,
    sex,
    lineOf(ext),
    ext,
    companyOf(db, department),
  );
  return `${name} (${account}) joined ${department}`;
}

/** The company that the office's head works for, who is always there; the department itself may be empty by now. */
function companyOf(db: DatabaseSync, department: string): string {
  const row = db
    .prepare('select company from employees join departments on dept_code = parent where code = ? order by emp_id')
    .get(department);
  return String(row?.['company']);
}

/** They are kept in the table, like everybody who ever left, so that no number, account or email comes twice. */
function leave(db: DatabaseSync, { id, name, account, department }: Employee): string {
  db.prepare("update employees set leave_date = date('now', '-1 day') where emp_id = ?").run(id);
  return `${name} (${account}) left ${department}`;
}

function transfer(db: DatabaseSync, { id, name, account, department }: Employee): string {
  const target = neighbour(db, department);
  db.prepare('update employees set dept_code = ? where emp_id = ?').run(target, id);
  return `${name} (${account}) went from ${department} to ${target}`;
}

/** The next department under the same parent, after the last one the first. */
function neighbour(db: DatabaseSync, code: string): string {
  const row = db
    .prepare(
      `select other.code from departments own join departments other on other.parent = own.parent
       where own.code = ?1 and other.code <> ?1 order by other.code < ?1, other.code limit 1`,
    )
    .get(code);
  return String(row?.['code'] ?? code);
}

const DOMAINS = ['harbour.example', 'mail.harbour.example'] as const;

/** Only the domain changes, to the other one: the part before the @ stays its owner's for ever. */
function changeEmail(db: DatabaseSync, { id, name, account, mail }: Employee): string {
  const [own, domain] = mail.split('@');
  const fresh = `${own}@${domain === DOMAINS[0] ? DOMAINS[1] : DOMAINS[0]}`;
  db.prepare('update employees set mail = ? where emp_id = ?').run(fresh, id);
  return `${name} (${account}) has the new email ${fresh}`;
}

/** From `h.mori` to `hana.mori`, or back; both are nobody else's, since emails are not. */
function renameAccount(db: DatabaseSync, { id, name, account, mail }: Employee): string {
  const long = mail.split('@', 1)[0] ?? '';
  const fresh = account === long ? shortName(long) : long;
  db.prepare('update employees set account = ? where emp_id = ?').run(fresh, id);
  return `the account ${account} of ${name} is now ${fresh}`;
}

function changeExtension(db: DatabaseSync, { id, name, account }: Employee): string {
  const ext = freeExtension(db);
  db.prepare('update employees set ext = ?, phone = ? where emp_id = ?').run(ext, lineOf(ext), id);
  return `${name} (${account}) has the new extension ${ext}`;
}

function renameDepartment(db: DatabaseSync, count: number): string {
  const [code, one, other] = TWO_NAMES[count % TWO_NAMES.length] ?? TWO_NAMES[0];
  const before = db.prepare('select name from departments where code = ?').get(code)?.['name'];
  const name = before === one ? other : one;
  db.prepare('update departments set name = ? where code = ?').run(name, code);
  return `${before} (${code}) is now called ${name}`;
}

function move(db: DatabaseSync, code: string, parent: string): string {
  const row = db.prepare('select name, parent from departments where code = ?').get(code);
  db.prepare('update departments set parent = ? where code = ?').run(parent, code);
  return `${row?.['name']} (${code}) moved from ${row?.['parent']} to ${parent}`;
}

const shortName = (mailName: string) => mailName.replace(/^(.)[^.]*/, '$1');

const lineOf = (ext: string) => `+44 20 7946 0${ext}`;

function freeExtension(db: DatabaseSync): string {
  return String(db.prepare('select max(cast(ext as integer)) + 1 as free from employees').get()?.['free']);
}

/** The daemon reads the same file: it sees all of a change or nothing of it, and either waits for the other. */
function inTransaction<Result>(path: string, work: (db: DatabaseSync) => Result): Result {
  if (!existsSync(path)) throw new Error(`there is no company at ${path}`);
  using db = new DatabaseSync(path, { timeout: 5000 });
  db.exec('begin immediate');
  const result = work(db);
  db.exec('commit');
  return result;
}
