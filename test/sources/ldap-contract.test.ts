import { after, before } from 'node:test';
import type { PersonRecord } from '../../src/roster/model.ts';
import { directory, entry, type Slapd, startSlapd } from '../support/slapd.ts';
import { type Fixture, sourceContract } from './contract.ts';
import { branch, branchDn, counted, ldap, numbered, person } from './ldap-directories.ts';

const COUNT = 700;
const people = branchDn('people-of-all');
const units = branchDn('units');
const nobody = branchDn('nobody');

/** One server for all, which only reads from it. */
let slapd: Slapd;

before(async () => {
  slapd = await startSlapd();
  const group = (cn: string, member: string) => entry(`cn=${cn},${units}`, { objectClass: 'groupOfNames', cn, member });
  const ldif = [
    branch('people-of-all', [...numbered(COUNT, id => person(people, `u${id}`, { employeeNumber: String(id) }))]),
    branch('units', [
      group('RD', `uid=u1,${people}`),
      entry(`ou=lab,cn=RD,${units}`, { objectClass: 'organizationalUnit', ou: 'lab', description: '研發' }),
      group('IT', `uid=u500,${people}`),
    ]),
    branch('nobody'),
  ].map(part => part.ldif);
  await slapd.add(ldif.join('\n'));
});
after(() => slapd[Symbol.asyncDispose]());

const record = (id: number): PersonRecord => ({
  key: String(id),
  fields: { username: `u${id}`, email: `u${id}@corp.example` },
  departments: [],
  extra: [],
  active: true,
  broken: [],
});

const blocks = (peopleBase: string, unitsBase: string) => ({
  page_size: 150,
  people: {
    base: peopleBase,
    filter: '(objectClass=inetOrgPerson)',
    key: 'employeeNumber',
    map: { username: 'uid', email: 'mail' },
  },
  departments: {
    base: unitsBase,
    filter: '(|(objectClass=groupOfNames)(description=*))',
    map: { group_no: ['cn', 'ou'], display_name: ['description', 'cn'], parent_group_no: 'parent_dn' },
    members: 'member',
  },
});

/** slapd gives entries in the order in which they were added, in all of its versions there are; others need not. */
const holds: Fixture['holds'] = {
  people: numbered(COUNT, String).map(id => record(Number(id))),
  departments: [
    { group_no: 'RD', display_name: 'RD', parent_group_no: '', broken: [] },
    { group_no: 'lab', display_name: '研發', parent_group_no: 'RD', broken: [] },
    { group_no: 'IT', display_name: 'IT', parent_group_no: '', broken: [] },
  ],
  memberships: [
    { person: '1', group_no: 'RD' },
    { person: '500', group_no: 'IT' },
  ],
};

sourceContract('LDAP', async () => {
  const relay = await counted(slapd.url);
  const { url } = relay;
  const secret = 'no-such-secret';
  return {
    holds,
    source: ldap({ url, ...blocks(people, units) }),
    empty: ldap({ url, ...blocks(nobody, nobody) }),
    wrong: ldap({ url, ...blocks(people, units), bind: { dn: directory.reader.dn, password: secret } }),
    refusal: /^ldap:\/\/127\.0\.0\.1:\d+ does not accept the account cn=reader,dc=corp,dc=example; check bind\.dn/,
    secret,
    connections: () => relay.open,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
});
