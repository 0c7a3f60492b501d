import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { temporaryFolder } from '../support/folder.ts';
import { opened, pull, readAll, whyNot } from './configured.ts';
import { engines, mariadb, sqlite } from './sql-databases.ts';

/** Usernames with whether they are active, and what was broken. */
async function active(block: Record<string, unknown>) {
  const { people } = await readAll(opened(block));
  return Object.fromEntries(
    people.map(({ fields, active, broken }) => [fields.username, broken.length > 0 ? broken : active]),
  );
}

for (const [engine, open] of Object.entries(engines)) {
  const tick = engine === 'MariaDB' ? '`' : '"';
  const quoted = (name: string) => tick + name.replaceAll(tick, tick + tick) + tick;

  suite(`people from ${engine}`, () => {
    test('by a query or by a table are the same', async () => {
      await using database = await open();
      await database.execute(`create table people (id integer, account varchar(20), mail varchar(40), upn varchar(40), code varchar(9));
        insert into people values (1, ' A.Lin ', null, 'a.lin@corp.example', 'RD'), (2, 'j.wu', 'j@x.example', '', ' '), (3, '', '  ', null, null)`);
      const block = {
        key: 'id',
        map: {
          username: { from: 'account', transform: ['trim', 'lower'] },
          email: ['mail', 'upn'],
          departments: 'code',
        },
        extra: { z: 'upn', a: 'id' },
      };
      const { url } = database;
      const byQuery = await readAll(opened({ url, people: { ...block, query: 'select * from people' } }));
      assert.deepEqual(await readAll(opened({ url, people: { ...block, table: 'people' } })), byQuery);
      assert.deepEqual(byQuery, {
        departments: undefined,
        memberships: [],
        problems: [],
        rows: { people: 3, departments: 0, memberships: 0 },
        people: [
          {
            key: '1',
            fields: { username: 'a.lin', email: 'a.lin@corp.example' },
            departments: ['RD'],
            extra: [
              ['a', '1'],
              ['z', 'a.lin@corp.example'],
            ],
            active: true,
            broken: [],
          },
          {
            key: '2',
            fields: { username: 'j.wu', email: 'j@x.example' },
            departments: [],
            extra: [['a', '2']],
            active: true,
            broken: [],
          },
          { key: '3', fields: {}, departments: [], extra: [['a', '3']], active: true, broken: [] },
        ],
      });
    });

    test('by value objects', async () => {
      await using database = await open();
      await database.execute(`create table p (a varchar(20), b varchar(20), sex varchar(2), tel varchar(20), hired varchar(20));
        insert into p values ('Ann', 'Lin', 'F', '(02) 12-34', '2020/1/2'), ('', null, 'Q', 'none', ''), ('Bo', '', '', '', 'soon')`);
      const { people } = await readAll(
        opened({
          url: database.url,
          people: {
            table: 'p',
            map: {
              username: { template: '{{ a }}.{{b}}', transform: 'lower' },
              email: { template: '{{ a }}@corp.example', transform: ['lower'], default: 'nobody@corp.example' },
              nick_name: { from: ['b', 'a'], transform: 'upper' },
              gender: { from: 'sex', map: { F: 'female', M: 'male', '*': 'other' }, default: 'male' },
              phone1: { from: 'tel', transform: 'digits' },
              company: { const: 'Corp' },
              ad_no: { from: 'hired', transform: 'date' },
            },
          },
        }),
      );
      const company = 'Corp';
      assert.deepEqual(
        people.map(person => person.fields),
        [
          {
            username: 'ann.lin',
            email: 'ann@corp.example',
            nick_name: 'LIN',
            gender: 'female',
            phone1: '0212' + '34',
            company,
            ad_no: '2020-01-02',
          },
          { email: 'nobody@corp.example', gender: 'other', company },
          { username: 'bo.', email: 'bo@corp.example', nick_name: 'BO', gender: 'male', company },
        ],
      );
      assert.deepEqual(
        people.map(person => person.broken),
        [[], [], [{ field: 'ad_no', why: '"soon" is not a date' }]],
      );
    });

    test('whatever their tables and columns are called', async () => {
      await using database = await open();
      for (const name of ['two words', 'back`tick', 'quo"te', "apo'strophe", 'select', '人員', 'dot.ted']) {
        await database.execute(
          `create table ${quoted(name)} (${quoted(name)} varchar(9), ${quoted(`${name} 2`)} varchar(9));
           insert into ${quoted(name)} values ('ann', 'x')`,
        );
        const map = { username: name, nick_name: `${name} 2` };
        const { people } = await readAll(opened({ url: database.url, people: { table: name, map } }));
        assert.deepEqual(people[0]?.fields, { username: 'ann', nick_name: 'x' }, name);
      }
    });

    test('are active as their conditions say', async () => {
      await using database = await open();
      await database.execute(`create table p (account varchar(9), gone varchar(20), state integer);
        insert into p values ('null', null, 1), ('blank', ' ', 1), ('zero', '0000-00-00', 1), ('zerotime', '0000-00-00 00:00:00', 1),
          ('past', '2026-11-21', 1), ('today', '2026-11-22', 1), ('future', '2026-11-23', 1), ('far', '9999-12-31', 1), ('odd', 'soon', 1),
          ('none', '2026-02-30', 1), ('barred', null, 0)`);
      const block = (condition: unknown) => ({
        url: database.url,
        people: { table: 'p', map: { username: 'account' }, active: condition },
      });
      const here = {
        any: [
          { field: 'gone', empty: true },
          { field: 'gone', after_today: true },
        ],
      };
      const judged = await active(block(here));
      const why = (text: string) => [{ field: 'active', why: `"${text}" is not a date` }];
      assert.deepEqual(judged, {
        null: true,
        blank: true,
        zero: true,
        zerotime: true,
        past: false,
        today: false,
        future: true,
        far: true,
        odd: why('soon'),
        none: why('2026-02-30'),
        barred: true,
      });
      const { people } = await readAll(opened(block(here)));
      const odd = people.find(person => person.fields.username === 'odd');
      assert.equal(odd?.active, true, 'an unreadable leave date is no departure');
      assert.deepEqual(
        await active(block({ all: [{ not: { field: 'gone', before_today: true } }, { field: 'state', equals: 1 }] })),
        { ...judged, today: true, barred: false },
      );
      assert.equal((await active(block({ field: 'state', in: ['1', 7] })))['barred'], false);
      assert.equal((await active(block({ field: 'state', equals: 0 })))['barred'], true);
    });

    test('with departments and memberships of their own', async () => {
      await using database = await open();
      await database.execute(`create table p (id integer, account varchar(9)); insert into p values (1, 'ann');
        create table d (code varchar(9), name varchar(9), parent varchar(9)); insert into d values (' RD ', 'Lab', null), ('', 'x', '');
        create table m (who integer, code varchar(9)); insert into m values (1, ' RD '), (1, null), (null, 'RD'), (2, 'RD')`);
      const { departments, memberships, rows } = await readAll(
        opened({
          url: database.url,
          people: { table: 'p', key: 'id', map: { username: 'account' } },
          departments: { table: 'd', map: { group_no: 'code', display_name: 'name', parent_group_no: 'parent' } },
          memberships: { table: 'm', map: { key: 'who', group_no: { from: 'code', transform: 'trim' } } },
        }),
      );
      assert.deepEqual(departments, [
        { group_no: 'RD', display_name: 'Lab', parent_group_no: '', broken: [] },
        { group_no: '', display_name: 'x', parent_group_no: '', broken: [] },
      ]);
      assert.deepEqual(memberships, [
        { person: '1', group_no: 'RD' },
        { person: '2', group_no: 'RD' },
      ]);
      assert.deepEqual(rows, { people: 1, departments: 2, memberships: 4 });
    });

    test('are all of one moment', async () => {
      await using database = await open();
      if (engine === 'SQLite') await database.execute('pragma journal_mode = wal');
      await database.execute(`create table d (code varchar(9)); insert into d values ('RD');
        create table p (account varchar(9), code varchar(9)); insert into p values ('ann', 'RD');
        create table m (who varchar(9), code varchar(9)); insert into m values ('ann', 'RD')`);
      const source = opened({
        url: database.url,
        departments: { table: 'd', map: { group_no: 'code' } },
        people: { table: 'p', map: { username: 'account', departments: 'code' } },
        memberships: { table: 'm', map: { key: 'who', group_no: 'code' } },
      });
      const seen: unknown[] = [];
      for await (const batch of source.read(pull())) {
        if (batch.kind === 'problems') continue;
        seen.push(batch.records[0]);
        const name = `X${seen.length}`;
        await database.execute(`update d set code = '${name}'; update p set account = '${name}', code = '${name}';
          update m set who = '${name}', code = '${name}'; insert into p values ('new${name}', 'RD')`);
      }
      assert.deepEqual(seen, [
        { group_no: 'RD', display_name: '', parent_group_no: '', broken: [] },
        { person: 'ann', group_no: 'RD' },
        { key: '', fields: { username: 'ann' }, departments: ['RD'], extra: [], active: true, broken: [] },
      ]);
      assert.equal((await readAll(source)).people.length, 4);
    });
  });

  suite(`what cannot be read from ${engine}`, () => {
    test('is named, with what there is', async () => {
      await using database = await open();
      await database.execute(
        'create table p (account varchar(9), mail varchar(9)); create table e (account varchar(9))',
      );
      const { url } = database;
      const map = { username: 'account' };
      const why = (people: Record<string, unknown>, more: Record<string, unknown> = {}) =>
        whyNot(opened({ url, people: { map, ...people }, ...more }));
      assert.equal(await why({ table: 'persons' }), 'there is no table or view "persons" that the account may read');
      for (const renamed of [
        { map: { username: 'account', email: ['mail', 'upn'] } },
        { key: 'upn' },
        { extra: { x: { template: '{{ mail }}{{ upn }}' } } },
        { active: { any: [{ field: 'mail', empty: true }, { not: { field: 'upn', empty: false } }] } },
      ]) {
        assert.equal(
          await why({ table: 'p', ...renamed }),
          'column "upn" is not in the result; table p gives account, mail',
        );
        assert.equal(
          await why({ query: 'select * from p', ...renamed }),
          'column "upn" is not in the result; the people query gives account, mail',
        );
      }
      assert.equal(
        await why(
          { table: 'e' },
          { memberships: { query: 'select * from e', map: { key: 'account', group_no: 'code' } } },
        ),
        'column "code" is not in the result; the memberships query gives account',
      );
      assert.equal(
        await why({ query: 'select account, mail as account from p' }),
        'column "account" is twice in the result of the people query; give one of them another name with AS',
      );
      assert.match(await why({ query: 'selec account from p' }), /^the people query: .*selec/);
      assert.match(await why({ query: 'select account from persons' }), /^the people query: .*persons/);
    });

    test('because it is no SELECT', async () => {
      await using database = await open();
      await database.execute(`create table p (account varchar(9)); insert into p values ('ann')`);
      const writer = 'writer' in database ? String(database.writer) : database.url;
      for (const query of [
        "update p set account = 'x'",
        'delete from p',
        'drop table p',
        'create table q (a integer)',
      ]) {
        const why = await whyNot(opened({ url: writer, people: { query, map: { username: 'account' } } }));
        assert.match(
          why,
          /^the people query: (the query gives no rows: it is not a SELECT|.*READ ONLY|.*readonly)/,
          query,
        );
      }
      assert.equal(
        (await readAll(opened({ url: writer, people: { table: 'p', map: { username: 'account' } } }))).rows.people,
        1,
      );
    });
  });
}

suite('a SQLite database', () => {
  test('keeps big numbers exactly', async () => {
    await using database = await sqlite();
    await database.execute('create table p (id integer, n real); insert into p values (9007199254740993, 1.5)');
    const { people } = await readAll(
      opened({ url: database.url, people: { table: 'p', key: 'id', map: { username: 'n' } } }),
    );
    assert.deepEqual([people[0]?.key, people[0]?.fields.username], ['9007199254740993', '1.5']);
  });

  test('may hold legacy bytes as a blob', async () => {
    await using database = await sqlite();
    await database.execute(
      `create table p (id text, n blob); insert into p values ('a', x'aa4c'), ('b', x'ff41'), ('c', 'plain'), ('d', x'ff')`,
    );
    const people = { table: 'p', map: { username: 'id', nick_name: 'n' }, encoding: { n: 'big5' } };
    const read = await readAll(opened({ url: database.url, people }));
    assert.deepEqual(
      read.people.map(({ fields, broken }) => fields.nick_name ?? broken),
      [
        '林',
        [{ field: 'nick_name', why: 'column "n" has bytes that are not big5 (ff 41)' }],
        'plain',
        [{ field: 'nick_name', why: 'column "n" has bytes that are not big5 (ff)' }],
      ],
    );
  });

  test('that is none is named', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'hr.db');
    await writeFile(file, 'this is no database, but a text that is long enough to be one'.repeat(100));
    const why = await whyNot(opened({ url: `sqlite:${file}`, people: { table: 'p', map: { username: 'a' } } }));
    assert.ok(why === `sqlite:${file} cannot be read: file is not a database`, why);
    const folders = await whyNot(
      opened({ url: `sqlite:${folder.path}`, people: { table: 'p', map: { username: 'a' } } }),
    );
    assert.ok(folders.includes(folder.path), folders);
  });

  test('that somebody writes is waited for, and not for ever', async () => {
    await using database = await sqlite();
    await database.execute(`create table p (account text); insert into p values ('ann')`);
    using writer = new DatabaseSync(database.file);
    writer.exec('begin exclusive');
    const block = { url: database.url, people: { table: 'p', map: { username: 'account' } } };
    assert.equal(
      await whyNot(opened({ ...block, timeouts: { connect: '50ms' } })),
      `sqlite:${database.file} cannot be read: database is locked; another program is writing it, so try again when that has ended`,
    );
    writer.exec('rollback');
    assert.equal((await readAll(opened(block))).rows.people, 1);
  });
});

suite('the account', () => {
  test('that can write is worth a warning, and the other is not', async () => {
    await using database = await mariadb();
    await database.execute(`create table p (account varchar(9)); create procedure p() select 1`);
    const people = { table: 'p', map: { username: 'account' } };
    assert.deepEqual((await readAll(opened({ url: database.url, people }))).problems, []);
    const [problem, ...others] = (await readAll(opened({ url: database.writer, people }))).problems;
    assert.deepEqual(others, []);
    assert.match(problem?.text ?? '', /^the account can write \(ALL PRIVILEGES\); one with SELECT alone is enough$/);
    assert.deepEqual([problem?.code, problem?.effect, problem?.source], ['account_can_write', 'warned', 'hr']);
    await database.execute(`grant update on * to '${database.user}'@'%'`);
    await database.execute(`grant insert (account) on p to '${database.user}'@'%'`);
    const [partial] = (await readAll(opened({ url: database.url, people }))).problems;
    assert.match(partial?.text ?? '', /^the account can write \((UPDATE, INSERT|INSERT, UPDATE)\)/);
  });
});
