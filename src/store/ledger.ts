import type { Kysely } from 'kysely';
import type { Ledger } from '../roster/known.ts';
import { type PersonKey, storedKey, type Username, username } from '../roster/model.ts';
import { ASKED_AT_ONCE, chunks } from './records.ts';
import type { Tables } from './schema.ts';
import type { Store } from './store.ts';

/** What was ever published of what is asked for; usernames and emails come folded. */
export async function ledger(db: Kysely<Tables>, asked: Parameters<Store['ledger']>[0]): Promise<Ledger> {
  const byKey = new Map<PersonKey, Username>();
  const byUsername = new Map<string, { key: PersonKey; username: Username }>();
  const byEmail = new Map<string, Username[]>();
  const rows = db.selectFrom('ledger').selectAll();
  for (const some of chunks(asked.keys, ASKED_AT_ONCE)) {
    const found = await rows.where('kind', '=', 'username').where('key', 'in', some).execute();
    for (const row of found) byKey.set(storedKey(row.key), username(row.username));
  }
  for (const some of chunks(asked.usernames, ASKED_AT_ONCE)) {
    const found = await rows.where('kind', '=', 'username').where('folded', 'in', some).execute();
    for (const row of found) byUsername.set(row.folded, { key: storedKey(row.key), username: username(row.username) });
  }
  for (const some of chunks(asked.emails, ASKED_AT_ONCE)) {
    const found = await rows.where('kind', '=', 'email').where('folded', 'in', some).execute();
    for (const row of found) byEmail.set(row.folded, [...(byEmail.get(row.folded) ?? []), username(row.username)]);
  }
  return { byKey, byUsername, byEmail };
}
