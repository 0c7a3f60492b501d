import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersonRecord } from '../../src/roster/model.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Fixture, sourceContract } from './contract.ts';
import { csv, handlesIn } from './csv-files.ts';

const person = (id: number): PersonRecord => ({
  key: String(id),
  fields: { username: `u${id}`, email: `u${id}@corp.example` },
  departments: [],
  extra: [],
  active: true,
  broken: [],
});

const COUNT = 6500;
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

sourceContract('CSV', async () => {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const lines = holds.people.map(({ key, fields }) => `${key},${fields.username},${fields.email}\n`);
  await writeFile(at('people.csv'), `id,account,mail\n${lines.join('')}`);
  await writeFile(at('units.csv'), 'code,name,parent\nRD,研發,\nRD2,Lab,RD\n');
  await writeFile(at('members.csv'), 'person,code\n1,RD\n2,RD2\n');
  await writeFile(at('nobody.csv'), 'id,account,mail\n');
  await writeFile(at('none.csv'), 'code,name,parent');
  const tables = (staff: string, units: string) => ({
    people: { file: at(staff), key: 'id', map: { username: 'account', email: 'mail' } },
    departments: {
      file: at(units),
      map: { group_no: 'code', display_name: 'name', parent_group_no: 'parent' },
    },
  });
  const memberships = { file: at('members.csv'), map: { key: 'person', group_no: 'code' } };
  return {
    holds,
    source: csv({ ...tables('people.csv', 'units.csv'), memberships }),
    empty: csv(tables('nobody.csv', 'none.csv')),
    wrong: csv(tables('no-such.csv', 'units.csv')),
    refusal: /^\/.*\/no-such\.csv: there is no such file; was it written yet, and to this place\?$/,
    secret: 'no-such-secret',
    connections: () => handlesIn(folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});
