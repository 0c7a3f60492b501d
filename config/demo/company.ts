import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export { anotherChange, moveDepartment } from './changes.ts';
export { DEMO_LOGIN } from './people.ts';

/** The name that rosterd.yaml has for the company's database, in its own folder. */
export const COMPANY_FILE = 'company.db';

/** Gives the password hash of an account, whose name comes as rosterd publishes it: trimmed, in lower case. */
export type PasswordHash = (account: string) => Promise<string> | string;

/**
 * Makes the HR database of the demo's company, as it was yesterday. Throws, and leaves it alone, where there is one
 * already. `passwordHash` is called for everybody at once; hash a common password only once.
 */
export async function makeCompany(path: string, passwordHash: PasswordHash): Promise<void> {
  using db = new DatabaseSync(path);
  db.exec('begin immediate');
  db.exec(readFileSync(new URL('./company.sql', import.meta.url), 'utf8'));
  const rows = db.prepare('select emp_id, lower(trim(account)) as account from employees').all();
  const hashes = await Promise.all(rows.map(async row => passwordHash(String(row['account']))));
  const update = db.prepare('update employees set password_hash = ? where emp_id = ?');
  for (const [place, row] of rows.entries()) update.run(hashes[place] ?? null, String(row['emp_id']));
  db.exec('commit');
}
