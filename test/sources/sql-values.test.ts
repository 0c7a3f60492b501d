import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { opened, readAll, whyNot } from './configured.ts';
import { mariadb, type Server } from './sql-databases.ts';

/** What a table's only row gives, by column. */
async function values(database: Server, table: string, more: { encoding?: Record<string, string> } = {}) {
  const names = (await database.rows(`show columns from ${table}`)).map(row => String(row['Field']));
  const extra = Object.fromEntries(names.map(name => [name, name]));
  const people = { table, map: { username: { const: 'ann' } }, extra, ...more };
  const { people: all } = await readAll(opened({ url: database.url, people }));
  const [person] = all;
  assert.deepEqual(person?.broken, []);
  return Object.fromEntries(person?.extra ?? []);
}

suite('values from MariaDB', () => {
  test('are exactly as the database has them', async () => {
    await using database = await mariadb();
    await database.execute(`create table t (
        big bigint unsigned, small tinyint, yes boolean, filled int(6) zerofill, bigfilled bigint(8) zerofill, price decimal(20,4), pricefilled decimal(8,2) zerofill,
        flag bit(1), off bit(1), bits bit(64), doc json, bytes blob, bin binary(3), at time, year year, day date, moment datetime(3), stamp timestamp null,
        ratio double, letter enum('a','林'), several set('x','y'), fixed char(5), emoji text, old varchar(9) character set utf8mb3, nil varchar(9), blank varchar(9));
      insert into t values (18446744073709551615, -5, true, 123, 42, 1234567890123456.7800, 12.5, 1, 0, 18446744073709551615, '{"a": [1, "林"]}', '林', 'abc', '-108:30:00', 2024,
        '2026-01-02', '2026-01-02 03:04:05.678', null, 0.25, '林', 'x,y', 'ab', '😀', '中', null, '   ')`);
    assert.deepEqual(await values(database, 't'), {
      big: '18446744073709551615',
      small: '-5',
      yes: '1',
      filled: '000123',
      bigfilled: '00000042',
      price: '1234567890123456.7800',
      pricefilled: '000012.50',
      flag: '1',
      off: '0',
      bits: '18446744073709551615',
      doc: '{"a": [1, "林"]}',
      bytes: '林',
      bin: 'abc',
      at: '-108:30:00',
      year: '2024',
      day: '2026-01-02',
      moment: '2026-01-02 03:04:05.678',
      ratio: '0.25',
      letter: '林',
      several: 'x,y',
      fixed: 'ab',
      emoji: '😀',
      old: '中',
    });
  });

  test('are dates, and zero dates none', async () => {
    await using database = await mariadb();
    await database.execute(`set sql_mode = ''; create table p (account varchar(9), gone date, at datetime, since varchar(20));
      insert into p values ('zero', '0000-00-00', '0000-00-00 00:00:00', ''), ('half', '2026-00-00', null, null), ('none', null, null, null),
        ('past', '2026-11-21', '2026-11-21 23:59:59', ''), ('future', '2026-11-23', '2026-11-23 00:00:00', '')`);
    const people = {
      table: 'p',
      map: { username: 'account', ad_no: { from: 'gone', transform: 'date' } },
      active: {
        all: [
          {
            any: [
              { field: 'gone', empty: true },
              { field: 'gone', after_today: true },
            ],
          },
          { not: { field: 'at', before_today: true } },
        ],
      },
    };
    const { people: all } = await readAll(opened({ url: database.url, people }));
    const why = '"2026-00-00" is not a date';
    assert.deepEqual(
      all.map(({ fields, active, broken }) => [fields.username, fields.ad_no, active, broken]),
      [
        ['zero', undefined, true, []],
        [
          'half',
          undefined,
          true,
          [
            { field: 'ad_no', why },
            { field: 'active', why },
          ],
        ],
        ['none', undefined, true, []],
        ['past', '2026-11-21', false, []],
        ['future', '2026-11-23', true, []],
      ],
    );
  });

  test('may be Big5 in a latin1 column, beside columns that are what they say', async () => {
    await using database = await mariadb();
    await database.execute(`create table l (big varchar(20) character set latin1, \`姓名\` varchar(20) character set latin1, western varchar(20) character set latin1,
        open varchar(20) character set latin1, letter enum('é','€') character set latin1, nopad varchar(20) character set latin1 collate latin1_swedish_nopad_ci,
        cjk varchar(20), new varchar(20) collate utf8mb4_uca1400_ai_ci, old varchar(20) character set utf8mb3, real_big varchar(20) character set big5, gbk varchar(20) character set gbk,
        flag bit(1), filled int(4) zerofill, day date, doc json, bytes blob, nil varchar(9) character set latin1);
      insert into l values (x'AA4CA55C', x'AA4C', '“€ – Š”', x'8190', '€', '€', '林😀', '林', '林', '林', '林', 1, 7, '2026-01-02', '{"k":"林"}', '林', null)`);
    assert.deepEqual(await values(database, 'l', { encoding: { big: 'big5', 姓名: 'Big5' } }), {
      big: '林功',
      姓名: '林',
      western: '“€ – Š”',
      open: '\u0081\u0090',
      letter: '€',
      nopad: '€',
      cjk: '林😀',
      new: '林',
      old: '林',
      real_big: '林',
      gbk: '林',
      flag: '1',
      filled: '0007',
      day: '2026-01-02',
      doc: '{"k":"林"}',
      bytes: '林',
    });
    const plain = await values(database, 'l');
    assert.deepEqual([plain['western'], plain['cjk'], plain['姓名']], ['“€ – Š”', '林😀', 'ªL']);
  });

  test('of one query keep their encoding to themselves', async () => {
    await using database = await mariadb();
    await database.execute(`create table d (code varchar(9) character set latin1, name varchar(20) character set latin1);
      insert into d values ('RD€', x'AA4C'); create table p (account varchar(9) character set latin1, name varchar(9)); insert into p values ('“é”', '林')`);
    const { departments, people } = await readAll(
      opened({
        url: database.url,
        departments: { table: 'd', map: { group_no: 'code', display_name: 'name' }, encoding: { name: 'big5' } },
        people: { table: 'p', map: { username: 'account', nick_name: 'name' } },
      }),
    );
    assert.deepEqual(departments, [{ group_no: 'RD€', display_name: '林', parent_group_no: '', broken: [] }]);
    assert.deepEqual(people[0]?.fields, { username: '“é”', nick_name: '林' });
  });

  test('whose bytes cannot be decoded are broken in their row, and stop nobody', async () => {
    await using database = await mariadb();
    await database.execute(`create table l (id integer, name varchar(20) character set latin1, raw blob);
      insert into l values (1, x'FF41', 'x'), (2, x'AA4C', x'FFFE'), (3, x'AA', '林')`);
    const people = {
      query: 'select * from l order by id',
      map: { username: 'id', nick_name: 'name', company: 'raw' },
      encoding: { name: 'big5' },
    };
    const { people: all } = await readAll(opened({ url: database.url, people }));
    assert.deepEqual(
      all.map(({ fields, broken }) => [fields, broken]),
      [
        [
          { username: '1', company: 'x' },
          [{ field: 'nick_name', why: 'column "name" has bytes that are not big5 (ff 41)' }],
        ],
        [
          { username: '2', nick_name: '林' },
          [{ field: 'company', why: 'column "raw" has bytes that are not utf-8 (ff fe)' }],
        ],
        [
          { username: '3', company: '林' },
          [{ field: 'nick_name', why: 'column "name" has bytes that are not big5 (aa)' }],
        ],
      ],
    );
  });

  test('of an encoding for a column that is not there are a failure', async () => {
    await using database = await mariadb();
    const people = { query: 'select 1 as id', map: { username: 'id' }, encoding: { name: 'big5' } };
    assert.equal(
      await whyNot(opened({ url: database.url, people })),
      'column "name" is not in the result; the people query gives id',
    );
  });

  test('come from one SELECT, not from a procedure', async () => {
    await using database = await mariadb();
    await database.execute('create procedure two() begin select 1 as id; select 2 as id; end');
    await database.execute('create procedure one() select 1 as id');
    for (const query of ['call one()', 'call two()']) {
      const why = await whyNot(opened({ url: database.writer, people: { query, map: { username: 'id' } } }));
      assert.equal(why, 'the people query: the query gives several results: write one SELECT, and no CALL');
    }
    const why = await whyNot(opened({ url: database.url, people: { query: 'do 1', map: { username: 'id' } } }));
    assert.equal(why, 'the people query: the query gives no rows: it is not a SELECT');
    const several = opened({
      url: database.url,
      people: { query: 'select 1 as id; select 2 as id', map: { username: 'id' } },
    });
    assert.match(await whyNot(several), /^the people query: You have an error in your SQL syntax/);
  });
});
