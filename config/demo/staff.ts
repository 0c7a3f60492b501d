import type { DatabaseSync } from 'node:sqlite';
import { DEMO_LOGIN } from './people.ts';

/** Somebody who works there, with account and email as rosterd publishes them. */
export interface Employee {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly mail: string;
  readonly department: string;
}

/**
 * People that a change may be about, in the order of their numbers: those who stay. Left out are heads of offices, who
 * have no department to go to, those in two departments, where a transfer could end in the other one, and the demo's login.
 */
function staff(db: DatabaseSync): Employee[] {
  const rows = db.prepare(
    `select emp_id, name, lower(trim(account)) as account, lower(trim(mail)) as mail, dept_code from employees
     where coalesce(leave_date, '') in ('', '0000-00-00')
       and dept_code not in (select parent from departments where parent is not null)
       and emp_id not in (select emp_id from dept_members)
     order by emp_id`,
  );
  return rows
    .all()
    .map(row => ({
      id: String(row['emp_id']),
      name: String(row['name']),
      account: String(row['account']),
      mail: String(row['mail']),
      department: String(row['dept_code']),
    }))
    .filter(one => one.account !== DEMO_LOGIN.username);
}

/** Steps of a size that goes round the offices instead of down one department. */
const STRIDE = 19;

/** The one whose turn it is at this step. */
export function someone(db: DatabaseSync, step: number): Employee {
  const list = staff(db);
  const one = list[(step * STRIDE) % list.length];
  if (one === undefined) throw new Error('the company has nobody left to make a change with');
  return one;
}

/** The one with this account; throws where nobody has it. */
export function employee(db: DatabaseSync, account: string): Employee {
  const one = staff(db).find(candidate => candidate.account === account);
  if (one === undefined) throw new Error(`the company has no ${account} any more`);
  return one;
}
