import type { PersonRecord } from '../../src/roster/model.ts';
import { opened } from './configured.ts';
import { type Fixture, sourceContract } from './contract.ts';
import { type Database, mariadb, sqlite, tuples } from './sql-databases.ts';

const COUNT = 6500;

const tables = `
  create table people (id integer primary key, account varchar(40), mail varchar(80));
  create table units (code varchar(20) primary key, name varchar(40), parent varchar(20));
  create table members (person integer, code varchar(20));
  create table nobody (id integer, account varchar(40), mail varchar(80));
  create table none (code varchar(20), name varchar(40), parent varchar(20))`;

const blocks = {
  people: {
    query: 'select id, account, mail from people order by id',
    key: 'id',
    map: { username: 'account', email: 'mail' },
  },
  departments: {
    query: 'select code, name, parent from units order by code',
    map: { group_no: 'code', display_name: 'name', parent_group_no: 'parent' },
  },
  memberships: { query: 'select person, code from members order by person', map: { key: 'person', group_no: 'code' } },
};

const person = (id: number): PersonRecord => ({
  key: String(id),
  fields: { username: `u${id}`, email: `u${id}@corp.example` },
  departments: [],
  extra: [],
  active: true,
  broken: [],
});

const holds: Fixture['holds'] = {
  people: Array.from({ length: COUNT }, (_, place) => person(place + 1)),
  departments: [
    { group_no: 'RD', display_name: '研發', parent_group_no: '', broken: [] },
    { group_no: 'RD2', display_name: 'Lab', parent_group_no: 'RD', broken: [] },
  ],
  memberships: [
    { person: '1', group_no: 'RD' },
    { person: '2', group_no: 'RD2' },
  ],
};

async function fixture(database: Database, wrong: { url: string; secret: string; refusal: RegExp }): Promise<Fixture> {
  await database.execute(tables);
  for (let start = 0; start < COUNT; start += 500) {
    const some = tuples(500, number => `${start + number}, 'u${start + number}', 'u${start + number}@corp.example'`);
    await database.execute(`insert into people values ${some}`);
  }
  await database.execute(`insert into units values ('RD', '研發', null), ('RD2', 'Lab', 'RD')`);
  await database.execute(`insert into members values (1, 'RD'), (2, 'RD2')`);
  const { url } = database;
  return {
    ...wrong,
    holds,
    source: opened({ url, ...blocks }),
    empty: opened({
      url,
      people: { ...blocks.people, query: 'select * from nobody' },
      departments: { ...blocks.departments, query: 'select * from none' },
    }),
    wrong: opened({ ...blocks, url: wrong.url }),
    connections: database.connections,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

sourceContract('MySQL', async () => {
  const database = await mariadb();
  const url = Object.assign(new URL(database.url), { password: 'no-such-secret' }).href;
  return fixture(database, { url, secret: 'no-such-secret', refusal: /^mysql:\/\/.* cannot be read: Access denied/ });
});

sourceContract('SQLite', async () => {
  const database = await sqlite();
  const url = `${database.url}.none`;
  return fixture(database, { url, secret: 'no-such-secret', refusal: /^there is no database at .*hr\.db\.none$/ });
});
