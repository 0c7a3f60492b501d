import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { sqliteDialect } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../support/folder.ts';

test('rows keep their names when another version changes a table under an open store', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'roster.db');
  await using db = new Kysely<never>({ dialect: sqliteDialect(path, { timeout: 5000, create: true }) });
  await sql`create table people (old, key, name)`.execute(db);
  await sql`insert into people values ('o', 'hr/1', 'ann')`.execute(db);
  const all = async () => (await sql`select * from people`.execute(db)).rows;
  assert.deepEqual(await all(), [{ old: 'o', key: 'hr/1', name: 'ann' }]);
  using other = new DatabaseSync(path);
  other.exec("alter table people drop column old; alter table people add column phone default '12'");
  assert.deepEqual(await all(), [{ key: 'hr/1', name: 'ann', phone: '12' }]);
});
