import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { DepartmentRecord, MembershipRecord } from '../../src/roster/model.ts';
import { directory, entry, type Slapd, startSlapd } from '../support/slapd.ts';
import { readAll, whyNot } from './configured.ts';
import { branch, branchDn, ldap, numbered, person } from './ldap-directories.ts';
import { startStandIn } from './ldap-stand-in.ts';

const attribute = (number: number, name: string, syntax: number) =>
  `( 2.25.20261122.${number} NAME '${name}' SYNTAX 1.3.6.1.4.1.1466.115.121.1.${syntax} )`;

let slapd: Slapd;

before(async () => {
  slapd = await startSlapd({
    overlays: ['memberof'],
    attributeTypes: [
      attribute(1, 'userAccountControl', 27),
      attribute(2, 'nsAccountLock', 7),
      attribute(3, 'loginDisabled', 7),
      attribute(4, 'objectGUID', 40),
      attribute(5, 'objectSid', 40),
      attribute(6, 'accountExpires', 15),
      attribute(7, 'hired', 24),
      attribute(8, 'pwdAccountLockedTime', 24),
      attribute(9, 'memberUid', 26),
      attribute(10, 'reportsTo', 12),
    ],
  });
});
after(() => slapd[Symbol.asyncDispose]());

type Map = Readonly<Record<string, unknown>>;

/** Adds a branch and reads its people. */
async function readBranch(name: string, inside: readonly string[], people: Map, more: Map = {}) {
  const { base, ldif } = branch(name, inside);
  await slapd.add(ldif);
  const filter = '(objectClass=inetOrgPerson)';
  return await readAll(ldap({ url: slapd.url, page_size: 2, people: { base, filter, ...people }, ...more }));
}

suite('people from a directory', () => {
  test('in any script, by names of attributes in any letter case', async () => {
    const base = branchDn('scripts');
    const names = { 'a.lin': 'Ada Łin', 'j.wu': '吳靜 𠮷', 'h.mori': '森 花ハナ' };
    const { people, rows, problems } = await readBranch(
      'scripts',
      Object.entries(names).map(([uid, displayName]) =>
        person(base, uid, { displayName, telephoneNumber: '+886 2 1234' }),
      ),
      {
        key: 'UID',
        map: {
          username: { from: 'uid', transform: 'upper' },
          email: ['userPrincipalName', 'MAIL'],
          nick_name: 'displayname',
          phone1: { from: 'telephoneNumber', transform: 'digits' },
          company: { template: '{{ sn }} of {{ parent_dn }}' },
        },
        extra: { dn: 'dn' },
      },
    );
    assert.equal(rows.people, 3);
    assert.deepEqual(people[1], {
      key: 'j.wu',
      fields: {
        username: 'J.WU',
        email: 'j.wu@corp.example',
        nick_name: '吳靜 𠮷',
        phone1: '88621234',
        company: `j.wu of ${base}`,
      },
      departments: [],
      extra: [['dn', `uid=j.wu,${base}`]],
      active: true,
      broken: [],
    });
    assert.deepEqual(
      people.map(one => one.fields.nick_name),
      Object.values(names),
    );
    assert.deepEqual(problems, [
      {
        code: 'attribute_absent',
        effect: 'warned',
        source: 'ad',
        kind: 'source',
        key: '',
        name: '',
        text:
          `no entry has the attribute "userPrincipalName" (people below "${base}", 3 read); ` +
          'check how it is written, and that the account may read it',
      },
    ]);
  });

  test('by the smallest of several values, whatever their order', async () => {
    const base = branchDn('several');
    const mail = ['z@corp.example', 'B@corp.example', 'a@corp.example'];
    const { people } = await readBranch(
      'several',
      [person(base, 'one', { mail }), person(base, 'two', { mail: mail.toReversed() })],
      { key: 'uid', map: { username: 'uid', email: 'mail', departments: 'mail' } },
    );
    for (const { fields, departments } of people) {
      assert.equal(fields.email, 'B@corp.example');
      assert.deepEqual(departments, ['B@corp.example', 'a@corp.example', 'z@corp.example']);
    }
  });

  test('with their identifiers, dates and times as texts', async () => {
    const base = branchDn('texts');
    const { people } = await readBranch(
      'texts',
      [
        person(base, 'one', {
          objectGUID: Buffer.from('33221100554477668899aabbccddeeff', 'hex'),
          objectSid: Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex'),
          accountExpires: '134083296000000000',
          hired: '20200102235959Z',
          jpegPhoto: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
        }),
      ],
      {
        key: 'objectGUID',
        map: {
          username: 'uid',
          ad_no: 'objectSid',
          phone1: { from: 'hired', transform: 'date' },
          company: 'jpegPhoto',
        },
        extra: { expires: 'accountExpires', hired: 'hired' },
      },
    );
    assert.deepEqual(people, [
      {
        key: '00112233-4455-6677-8899-aabbccddeeff',
        fields: { username: 'one', ad_no: 'S-1-5-21-2127521184-1604012920-1887927527-72713', phone1: '2020-01-02' },
        departments: [],
        extra: [
          ['expires', '2025-11-23'],
          ['hired', '2020-01-02T23:59:59Z'],
        ],
        active: true,
        broken: [{ field: 'company', why: 'attribute "jpegPhoto" has bytes that are not utf-8 (ff d8 ff e0)' }],
      },
    ]);
  });

  test('are told apart by entryUUID or objectGUID, which outlive a new name', async () => {
    const base = branchDn('lasting');
    const people = { map: { username: 'uid' } };
    const before = await readBranch('lasting', [person(base, 'ann')], people);
    assert.match(before.people[0]?.key ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    await slapd.add(`dn: uid=ann,${base}\nchangetype: modrdn\nnewrdn: uid=ann.lee\ndeleteoldrdn: 1\n`);
    const filter = '(objectClass=inetOrgPerson)';
    const later = await readAll(ldap({ url: slapd.url, people: { base, filter, ...people } }));
    assert.equal(later.people[0]?.fields.username, 'ann.lee');
    assert.equal(later.people[0]?.key, before.people[0]?.key);
    const guid = [Buffer.from('33221100554477668899aabbccddeeff', 'hex')];
    await using standIn = await startStandIn([
      { dn: 'cn=a,dc=x', attributes: { cn: ['a'], objectGUID: guid } },
      // Bytes that happen to be UTF-8 are no text.
      { dn: 'cn=b,dc=x', attributes: { cn: ['b'], objectGUID: [Buffer.from('\ufeff0123456789abc')] } },
      { dn: 'cn=c,dc=x', attributes: { cn: ['c'] } },
    ]);
    const other = await readAll(ldap({ url: standIn.url, people: { base: 'dc=x', map: { username: 'cn' } } }));
    assert.deepEqual(
      other.people.map(({ key, fields }) => [key, fields.username]),
      [
        ['00112233-4455-6677-8899-aabbccddeeff', 'a'],
        ['30bfbbef-3231-3433-3536-373839616263', 'b'],
        ['', 'c'],
      ],
    );
    assert.deepEqual(
      standIn.searches.map(one => one.attributes),
      [['entryuuid', 'objectguid', 'cn', 'useraccountcontrol', 'nsaccountlock', 'logindisabled']],
    );
  });

  test('have left once they are disabled, where nothing else is said', async () => {
    const base = branchDn('disabled');
    const inside = [
      person(base, 'normal', { userAccountControl: '512' }),
      person(base, 'disabled', { userAccountControl: '514' }),
      person(base, 'signed', { userAccountControl: '-2147483646' }),
      person(base, 'odd', { userAccountControl: '66048' }),
      person(base, 'locked', { nsAccountLock: 'TRUE' }),
      person(base, 'unlocked', { nsAccountLock: 'FALSE' }),
      person(base, 'barred', { loginDisabled: 'TRUE' }),
      person(base, 'waiting', { pwdAccountLockedTime: '20261122000000Z' }),
      person(base, 'plain'),
    ];
    const map = { username: 'uid' };
    const judge = (people: readonly { fields: { username?: string }; active: boolean }[]) =>
      people.filter(one => !one.active).map(one => one.fields.username);
    const first = await readBranch('disabled', inside, { map });
    assert.deepEqual(judge(first.people), ['disabled', 'signed', 'locked', 'barred']);
    assert.deepEqual(first.problems, []);
    const read = (people: Map) => readAll(ldap({ url: slapd.url, people: { base, filter: '(uid=*)', ...people } }));
    const said = await read({ map, extra: { off: 'disabled' }, active: { field: 'uid', in: ['plain', 'disabled'] } });
    assert.deepEqual(
      said.people.filter(one => one.active).map(one => one.extra),
      [[['off', 'true']], [['off', 'false']]],
    );
  });

  test('have not left because nobody can tell', async () => {
    await using standIn = await startStandIn([
      { dn: 'cn=a,dc=x', attributes: { cn: ['a'], userAccountControl: ['odd'] } },
    ]);
    const { people } = await readAll(ldap({ url: standIn.url, people: { base: 'dc=x', map: { username: 'cn' } } }));
    assert.deepEqual(
      people.map(({ active, broken }) => [active, broken]),
      [[true, [{ field: 'active', why: 'attribute "userAccountControl" has "odd", which is no number' }]]],
    );
  });

  test('below the base at any depth, or right below it', async () => {
    const base = branchDn('depths');
    const inside = [person(base, 'near'), unit(`ou=deep,${base}`, 'deep'), person(`ou=deep,${base}`, 'far')];
    const map = { username: 'uid' };
    const usernames = async (scope: string) =>
      (await readAll(ldap({ url: slapd.url, people: { base, filter: '(uid=*)', scope, map } }))).people.map(
        one => one.fields.username,
      );
    await readBranch('depths', inside, { map });
    assert.deepEqual(await usernames('sub'), ['near', 'far']);
    assert.deepEqual(await usernames('one'), ['near']);
  });

  test('have left once a date says so', async () => {
    const base = branchDn('dates');
    const fileTime = (date: string) => String((BigInt(Date.parse(date)) + 11_644_473_600_000n) * 10_000n);
    const { people } = await readBranch(
      'dates',
      [
        person(base, 'yesterday', { accountExpires: fileTime('2026-11-21T12:00:00Z') }),
        person(base, 'tomorrow', { accountExpires: fileTime('2026-11-23T00:00:00Z') }),
        person(base, 'zero', { accountExpires: '0' }),
        person(base, 'never', { accountExpires: '9223372036854775807' }),
        person(base, 'none'),
        person(base, 'odd', { accountExpires: 'soon' }),
      ],
      {
        map: { username: 'uid' },
        active: {
          any: [
            { field: 'accountExpires', empty: true },
            { field: 'accountExpires', after_today: true },
          ],
        },
      },
    );
    assert.deepEqual(
      people.map(({ fields, active, broken }) => [fields.username, broken[0]?.why ?? active]),
      [
        ['yesterday', false],
        ['tomorrow', true],
        ['zero', true],
        ['never', true],
        ['none', true],
        ['odd', 'attribute "accountExpires" has "soon", which is not a time'],
      ],
    );
  });

  test('with all of a list that the server gives in ranges', async () => {
    const groups = numbered(23, number => `cn=g${String(number).padStart(2, '0')},dc=x`);
    const entries = ['a', 'b'].map(uid => ({ dn: `uid=${uid},dc=x`, attributes: { uid: [uid], memberOf: groups } }));
    const people = { base: 'dc=x', key: 'uid', map: { username: 'uid', departments: 'memberOf' } };
    for (const range of [1, 5, 22, 23, 24]) {
      await using standIn = await startStandIn(entries, { range });
      const read = await readAll(ldap({ url: standIn.url, people }));
      for (const one of read.people) assert.deepEqual(one.departments, groups, `${range} at a time`);
      assert.deepEqual(read.problems, []);
    }
    await using standIn = await startStandIn(entries, { range: 5, forgets: 'memberOf' });
    await assert.rejects(
      readAll(ldap({ url: standIn.url, people })),
      /: gave 5 values of "memberof" of uid=a,dc=x and then not the rest; perhaps it was changed meanwhile$/,
    );
  });
});

const tree = (departments: readonly DepartmentRecord[] = []) =>
  Object.fromEntries(departments.map(one => [one.group_no, one.parent_group_no]));
const who = (memberships: readonly MembershipRecord[]) =>
  memberships.map(({ person: one, group_no }) => `${one} in ${group_no}`).sort();

const unit = (dn: string, ou: string, more: Map = {}) =>
  entry(dn, { objectClass: ['organizationalUnit', 'extensibleObject'], ou, ...(more as Record<string, string>) });
const group = (dn: string, cn: string, member: readonly string[]) =>
  entry(dn, { objectClass: 'groupOfNames', cn, member });

suite('departments from a directory', () => {
  test('are a tree of organizational units', async () => {
    const base = branchDn('company');
    const [tw, rd, odd] = [`ou=TW,${base}`, `ou=R\\26D\\2C 研發,ou=TW,${base}`, `ou="Odd, Jobs",OU=tw , ${base}`];
    const inside = [
      unit(tw, 'TW', { description: 'Taiwan' }),
      unit(rd, 'R&D, 研發'),
      unit(odd, 'Odd, Jobs'),
      person(rd, 'in.rd'),
      person(`OU=Odd\\, Jobs,${tw}`, 'in.odd'),
      person(base, 'in.none'),
    ];
    const { people, departments, memberships, problems, rows } = await readBranch(
      'company',
      inside,
      { key: 'uid', map: { username: 'uid', departments: 'parent_dn' } },
      {
        departments: {
          base,
          filter: '(&(objectClass=organizationalUnit)(!(ou=company)))',
          map: { group_no: 'ou', display_name: ['description', 'ou'], parent_group_no: 'parent_dn' },
        },
      },
    );
    assert.deepEqual(departments, [
      { group_no: 'TW', display_name: 'Taiwan', parent_group_no: '', broken: [] },
      { group_no: 'R&D, 研發', display_name: 'R&D, 研發', parent_group_no: 'TW', broken: [] },
      { group_no: 'Odd, Jobs', display_name: 'Odd, Jobs', parent_group_no: 'TW', broken: [] },
    ]);
    assert.equal(rows.departments, 3);
    assert.deepEqual(memberships, []);
    assert.deepEqual(
      people.map(one => [one.key, ...one.departments]),
      [['in.rd', 'R&D, 研發'], ['in.odd', 'Odd, Jobs'], ['in.none']],
    );
    assert.deepEqual(
      problems.map(one => [one.code, one.effect, one.text]),
      [
        [
          'department_not_listed',
          'warned',
          `1 person names no entry that is a department here, such as "${base}"; ` +
            'if it should be one, check base and filter of departments',
        ],
      ],
    );
  });

  test('are groups with members, some of which are groups', async () => {
    const base = branchDn('grouped');
    const dn = (cn: string) => `cn=${cn},${base}`;
    const inside = [
      person(base, 'ann'),
      person(base, 'bob'),
      person(base, 'eve'),
      group(dn('it'), 'it', [`UID=Ann, ${base}`, dn('net'), dn('it')]),
      group(dn('net'), 'net', [`uid=bob,${base}`]),
      group(dn('all'), 'all', [dn('it'), dn('net'), `uid=ann,${base}`, `uid=gone,${base}`]),
    ];
    const block = { base, filter: '(objectClass=groupOfNames)', map: { group_no: 'cn' }, members: 'member' };
    const people = { map: { username: 'uid' }, key: 'mail' };
    const {
      departments,
      memberships,
      people: read,
    } = await readBranch('grouped', inside, people, { departments: block });
    assert.deepEqual(tree(departments), { it: 'all', net: 'all', all: '' });
    assert.deepEqual(who(memberships), [
      'ann@corp.example in all',
      'ann@corp.example in it',
      'bob@corp.example in net',
      `uid=gone,${base} in all`,
    ]);
    assert.deepEqual(
      read.flatMap(one => one.departments),
      [],
    );
    const names = await readAll(
      ldap({
        url: slapd.url,
        people: { base, filter: '(uid=*)', key: 'title', map: { username: 'uid' } },
        departments: block,
      }),
    );
    assert.ok(who(names.memberships).includes('ann in it'), 'without a key, the username is who they are');
    const mapped = { ...block, map: { group_no: 'cn', parent_group_no: { const: 'top' } } };
    const { departments: put } = await readAll(
      ldap({ url: slapd.url, people: { base, filter: '(uid=*)', ...people }, departments: mapped }),
    );
    assert.deepEqual(tree(put), { it: 'top', net: 'top', all: 'top' }, 'what the mapping says counts more');
  });

  test('are groups that entries themselves name', async () => {
    const base = branchDn('named');
    const dn = (cn: string) => `cn=${cn},${base}`;
    const inside = [
      person(base, 'ann'),
      person(base, 'eve'),
      group(dn('z-it'), 'z-it', [`uid=ann,${base}`]),
      group(dn('vpn'), 'vpn', [`uid=ann,${base}`, `uid=eve,${base}`, dn('z-it')]),
      group(dn('hq'), 'hq', [dn('z-it'), `uid=ann,${base}`]),
      group(dn('board'), 'board', [dn('z-it'), dn('hq')]),
    ];
    const { departments, people, problems } = await readBranch(
      'named',
      inside,
      { key: 'uid', map: { username: 'uid', departments: 'memberOf' } },
      {
        departments: {
          base,
          filter: '(&(objectClass=groupOfNames)(!(cn=vpn)))',
          map: { group_no: { from: 'cn', transform: 'upper' }, parent_group_no: 'memberOf' },
        },
      },
    );
    assert.deepEqual(tree(departments), { 'Z-IT': 'BOARD', HQ: 'BOARD', BOARD: '' });
    assert.deepEqual(
      people.map(one => [one.key, ...one.departments.toSorted()]),
      [['ann', 'HQ', 'Z-IT'], ['eve']],
    );
    assert.deepEqual(
      problems.map(one => one.text.replace(/;.*/, '')),
      [`1 person names no entry that is a department here, such as "${dn('vpn')}"`],
    );
  });

  test('may have codes that are no DNs, and list usernames', async () => {
    const base = branchDn('posix');
    const inside = [
      person(base, 'ann', { departmentNumber: 'RD' }),
      person(base, 'bob', { departmentNumber: 'XX' }),
      unit(`ou=a,${base}`, 'a', { description: 'RD', memberUid: 'Bob' }),
      unit(`ou=b,${base}`, 'b', { description: 'IT', reportsTo: `ou=A,${base}` }),
      unit(`ou=c,${base}`, 'c', { description: 'QA', postalCode: 'RD', memberUid: 'nobody' }),
    ];
    const { departments, memberships, people } = await readBranch(
      'posix',
      inside,
      { map: { username: 'uid', departments: 'departmentNumber' }, key: 'uid' },
      {
        departments: {
          base,
          filter: '(description=*)',
          map: { group_no: 'description', parent_group_no: ['reportsTo', 'postalCode'] },
          members: 'memberUid',
        },
      },
    );
    assert.deepEqual(tree(departments), { RD: '', IT: 'RD', QA: 'RD' });
    assert.deepEqual(who(memberships), ['bob in RD', 'nobody in QA']);
    assert.deepEqual(
      people.flatMap(one => one.departments),
      ['RD', 'XX'],
      'a code that is none is for the merge to judge',
    );
  });

  test('keep what can be read where something cannot', async () => {
    const noText = Buffer.from([0xff]);
    await using standIn = await startStandIn([
      { dn: 'ou=a,dc=x', attributes: { ou: ['a'], displayName: [noText], memberOf: [noText] } },
      { dn: 'ou=b,dc=x', attributes: { ou: ['b'], member: ['ou=a,dc=x'] } },
      { dn: 'ou=c,dc=x', attributes: { member: ['ou=b,dc=x', 'uid=ann,dc=x'] } },
    ]);
    const map = { group_no: 'ou', display_name: 'displayName', parent_group_no: 'memberOf' };
    const departments = { base: 'dc=x', map, members: 'member' };
    const people = { base: 'dc=none', map: { username: 'uid' } };
    const read = await readAll(ldap({ url: standIn.url, people, departments }));
    const why = (name: string) => `attribute "${name}" has bytes that are not utf-8 (ff)`;
    assert.deepEqual(read.departments, [
      {
        group_no: 'a',
        display_name: '',
        parent_group_no: '',
        broken: [
          { field: 'display_name', why: why('displayName') },
          { field: 'parent_group_no', why: why('memberOf') },
        ],
      },
      { group_no: 'b', display_name: '', parent_group_no: '', broken: [] },
      // What has no code is for the merge to judge, and nothing is put into it.
      { group_no: '', display_name: '', parent_group_no: '', broken: [] },
    ]);
    assert.deepEqual(read.memberships, []);
    await using torn = await startStandIn([{ dn: 'ou=a,dc=x', attributes: { ou: ['a'], member: [noText] } }]);
    assert.equal(
      await whyNot(ldap({ url: torn.url, people, departments })),
      `departments: ${why('member')}, in ou=a,dc=x`,
    );
  });

  test('that are their DNs alone need no attributes', async () => {
    await using standIn = await startStandIn([{ dn: 'ou=a,dc=x', attributes: { ou: ['a'] } }]);
    const departments = { base: 'dc=x', map: { group_no: 'dn' } };
    const people = { base: 'dc=none', map: { username: 'uid' } };
    const read = await readAll(ldap({ url: standIn.url, people, departments }));
    assert.deepEqual(tree(read.departments), { 'ou=a,dc=x': '' });
    assert.deepEqual(standIn.searches[0]?.attributes, ['1.1']);
  });

  test('without a block for them are whatever people say', async () => {
    const base = branchDn('loose');
    const map = { username: 'uid', departments: 'parent_dn' };
    const { people, departments } = await readBranch('loose', [person(base, 'ann')], { map });
    assert.equal(departments, undefined);
    assert.deepEqual(people[0]?.departments, [base]);
  });

  test('say which attribute none of them has', async () => {
    const { peopleDn } = directory;
    const { problems } = await readAll(
      ldap({
        url: slapd.url,
        people: { base: peopleDn, map: { username: 'uid' }, filter: '(uid=*)' },
        departments: {
          base: peopleDn,
          filter: '(ou=*)',
          map: { group_no: 'ou', display_name: 'displayName' },
          members: 'member',
        },
      }),
    );
    assert.deepEqual(
      problems.map(one => one.text.replace(/;.*/, '')),
      ['displayName', 'member'].map(
        name => `no entry has the attribute "${name}" (departments below "${peopleDn}", 1 read)`,
      ),
    );
  });
});
