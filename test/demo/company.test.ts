import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { anotherChange, COMPANY_FILE, DEMO_LOGIN, makeCompany, moveDepartment } from '../../config/demo/company.ts';
import { NEWCOMERS, SECOND_DAY } from '../../config/demo/people.ts';
import { demoConfiguration } from '../../config/demo/template.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sqlAuthenticator } from '../../src/logins/sql/authenticator.ts';
import { hashPassword } from '../../src/logins/sql/hashes.ts';
import { passwordLookup } from '../../src/logins/sql/lookup.ts';
import { draft } from '../../src/roster/check.ts';
import { fold } from '../../src/roster/fold.ts';
import { merge } from '../../src/roster/merge.ts';
import type { DepartmentRecord, MembershipRecord, PersonRecord } from '../../src/roster/model.ts';
import { sourceName } from '../../src/roster/model.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { sqlSource } from '../../src/sources/sql/source.ts';
import { sqlSourceIn } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';

const signal = new AbortController().signal;
const today = new Date().toISOString().slice(0, 10);

/** A folder with the company and the filled-in configuration, as the demo makes it. */
async function demo(passwordHash: (account: string) => Promise<string> | string = account => `hash of ${account}`) {
  const folder = await temporaryFolder();
  const company = join(folder.path, COMPANY_FILE);
  await makeCompany(company, passwordHash);
  const file = join(folder.path, 'rosterd.yaml');
  await writeFile(file, demoConfiguration({ listen: '127.0.0.1:8642', tokenHash: `sha256:${'0'.repeat(64)}` }));
  const { config, warnings } = loadConfig(file, {});
  return { folder: folder.path, company, config, warnings, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

type Demo = Awaited<ReturnType<typeof demo>>;

/** Everything that the configured source gives. */
async function read({ config }: Pick<Demo, 'config'>) {
  const people: PersonRecord[] = [];
  const departments: DepartmentRecord[] = [];
  const memberships: MembershipRecord[] = [];
  for await (const batch of sqlSource(sqlSourceIn(config)).read({ signal, today })) {
    if (batch.kind === 'people') people.push(...batch.records);
    else if (batch.kind === 'departments') departments.push(...batch.records);
    else if (batch.kind === 'memberships') memberships.push(...batch.records);
    else assert.deepEqual(batch.problems, []);
  }
  const active = people.filter(person => person.active);
  return { people, active, departments, memberships };
}

type Company = Awaited<ReturnType<typeof read>>;

/** How many levels the tree of departments has; every parent in it exists. */
function depth(departments: readonly DepartmentRecord[]): number {
  const parents = new Map(departments.map(one => [one.group_no, one.parent_group_no]));
  const level = (code: string): number => {
    if (code === '') return 0;
    const parent = parents.get(code);
    assert.ok(parent !== undefined, `there is no department ${code}`);
    return 1 + level(parent);
  };
  return Math.max(...parents.keys().map(level));
}

const PLAN = { name: sourceName('hr'), action: 'create', match: 'key', fields: undefined } as const;

/** What an administrator is told about the people of a company. */
function problems({ people, departments, memberships }: Company): string[] {
  const list = new ProblemList();
  const rows = { people: people.length, departments: departments.length, memberships: memberships.length };
  const merged = merge([{ source: PLAN.name, people, departments, memberships, rows, problems: [] }], [PLAN], list);
  const rules = { usernames: 'ascii', reserved: [], gender: 'male', reused_email: 'quarantine' } as const;
  for (const { broken } of draft(merged, rules, list).values()) assert.deepEqual(broken, []);
  return list.listed.map(problem => `${problem.code} ${problem.name}`).sort();
}

/** Usernames and emails of everybody, those who left too, are each their own. */
function assertUnique({ people }: Company): void {
  for (const field of ['username', 'email'] as const) {
    const values = people.map(person => fold(person.fields[field] ?? ''));
    assert.equal(new Set(values).size, people.length, `every ${field} is there and belongs to one person`);
  }
}

suite('the company', () => {
  test('is large enough to look at, and has three levels', async () => {
    await using given = await demo();
    const company = await read(given);
    assert.equal(company.people.length, 74);
    assert.equal(company.active.length, 68);
    assert.equal(company.departments.length, 18);
    assert.equal(depth(company.departments), 3);
    assert.deepEqual(company.memberships, [{ person: 'H1062', group_no: 'SUP-JP' }]);
    assertUnique(company);
    const codes = new Set(company.departments.map(one => one.group_no));
    for (const person of company.people) assert.ok(codes.has(person.departments[0] ?? ''));
  });

  test('has people and departments in three scripts', async () => {
    await using given = await demo();
    const { active, departments } = await read(given);
    const scripts = {
      latin: /^[\p{Script=Latin}\P{L}]+$/u,
      chinese: /^\p{Script=Han}+$/u,
      japanese: /\p{Script=Hiragana}|\p{Script=Katakana}/u,
    };
    const names = active.map(person => person.fields.nick_name ?? '');
    for (const [script, form] of Object.entries(scripts)) {
      assert.ok(names.filter(name => form.test(name)).length >= 8, `people with ${script} names`);
      assert.ok(
        departments.some(one => form.test(one.display_name)),
        `departments with ${script} names`,
      );
    }
  });

  test('gives an administrator something to see', async () => {
    await using given = await demo();
    assert.deepEqual(problems(await read(given)), [
      'gender_default y.inoue',
      'nick_name_markup d.okafor',
      'phone2_long p.yeh',
    ]);
  });

  test('tells who has left from who is about to', async () => {
    await using given = await demo();
    const { people, active } = await read(given);
    const left = people.filter(person => !person.active).map(person => person.fields.username);
    assert.deepEqual(left, ['n.petrov', 'p.vance', 'w.liao', 'h.lo', 'r.yamada', 's.ikeda']);
    assert.ok(active.some(person => person.fields.username === 'e.mcallister'));
    using db = new DatabaseSync(given.company);
    const dates = db.prepare("select count(*) as zero from employees where leave_date = '0000-00-00'").get();
    assert.ok(Number(dates?.['zero']) > 5);
  });

  test('is not made twice', async () => {
    await using given = await demo();
    const before = await read(given);
    await assert.rejects(
      makeCompany(given.company, () => 'x'),
      /already exists/,
    );
    assert.deepEqual(await read(given), before);
  });
});

suite('the configuration', () => {
  test('is whole once it is filled in, and names what lies beside it', async () => {
    await using given = await demo();
    assert.deepEqual(given.warnings, []);
    assert.equal(given.config.server.listen, '127.0.0.1:8642');
    assert.equal(sqlSourceIn(given.config).url, `sqlite:${given.company}`);
    assert.equal(given.config.store.url, `sqlite:${join(given.folder, 'roster.db')}`);
    assert.equal(given.config.schedule, '*/15 * * * *');
  });

  test('lets its people log in, however their account is written in the database', async () => {
    const hash = await hashPassword(DEMO_LOGIN.password);
    await using given = await demo(() => hash);
    const [config] = given.config.authenticate;
    assert.ok(config?.type === 'sql');
    await using authenticator = sqlAuthenticator(config, passwordLookup(config));
    const check = (login: string, password: string) => authenticator.check(login, password, { signal });
    assert.deepEqual(await check(DEMO_LOGIN.username, DEMO_LOGIN.password), { status: 'accepted' });
    assert.deepEqual(await check('m.hale', DEMO_LOGIN.password), { status: 'accepted' });
    assert.equal((await check(DEMO_LOGIN.username, 'wrong')).status, 'refused');
    assert.equal((await check('nobody', DEMO_LOGIN.password)).status, 'unknown');
  });
});

suite('the second day', () => {
  test('moves a department and changes three people', async () => {
    await using given = await demo();
    const before = await read(given);
    assert.deepEqual(moveDepartment(given.company), [
      'Ayaka Hasegawa (a.hasegawa) joined RD-JP',
      'IT Services (IT) moved from LON to TPE',
      'Fergus Doyle (f.doyle) left SALES-UK',
      'Shufen Huang (s.huang) has the new email shufen.huang@mail.harbour.example',
    ]);
    const after = await read(given);
    assert.equal(after.departments.find(one => one.group_no === 'IT')?.parent_group_no, 'TPE');
    assert.equal(depth(after.departments), 3);
    assert.deepEqual(accounts(after).difference(accounts(before)), new Set(['a.hasegawa']));
    assert.deepEqual(accounts(before).difference(accounts(after)), new Set(['f.doyle']));
    const hasegawa = after.active.find(person => person.fields.username === 'a.hasegawa');
    assert.equal(hasegawa?.key, 'H1075');
    assert.equal(hasegawa.fields.company, '株式会社ハーバー&ランタン');
    assert.equal(hasegawa.fields.phone1, '+44 20 7946 0175');
    assertUnique(after);
  });

  test('comes once', async () => {
    await using given = await demo();
    moveDepartment(given.company);
    const before = await read(given);
    assert.throws(() => moveDepartment(given.company), /UNIQUE/);
    assert.deepEqual(await read(given), before);
  });
});

suite('further changes', () => {
  test('are the same in every demo, and say what they did', async () => {
    await using one = await demo();
    await using other = await demo();
    const week = ({ company }: Demo) => [
      ...moveDepartment(company),
      ...Array.from({ length: 7 }, () => anotherChange(company)),
    ];
    const said = week(one);
    assert.deepEqual(week(other), said);
    assert.deepEqual(said.slice(4), [
      'Hana Mori (h.mori) joined SALES-JP',
      'Tsunghan Lee (t.lee) went from SALES-TW to SUP-TW',
      'Yichen Chiang (y.chiang) has the new email yichen.chiang@mail.harbour.example',
      'Hiroshi Hashimoto (h.hashimoto) left GA-JP',
      'the account v.nair of Vikram Nair is now vikram.nair',
      'Sales (SALES-UK) is now called Sales & Showroom',
      'Fumiko Saito (f.saito) has the new extension 177',
    ]);
  });

  test('are each visible and small, and keep names, emails and accounts apart for ever', async () => {
    await using given = await demo();
    moveDepartment(given.company);
    const owners = new Map<string, string>();
    let before = await read(given);
    for (let count = 0; count < 300; count += 1) {
      const sentence = anotherChange(given.company);
      const after = await read(given);
      assert.equal(differences(before, after), 1, sentence);
      assertUnique(after);
      assertNothingReused(after, owners);
      before = after;
    }
    assert.equal(depth(before.departments), 3);
    assert.ok(before.active.length >= 66);
    assert.ok(accounts(before).has(DEMO_LOGIN.username));
  });

  test('need a company', async () => {
    await using folder = await temporaryFolder();
    assert.throws(() => anotherChange(join(folder.path, COMPANY_FILE)), /there is no company at/);
  });

  test('name people whom nobody can be taken for', async () => {
    await using given = await demo();
    const { people } = await read(given);
    const long = [
      ...people.map(person => (person.fields.email ?? '').replace(/@.*/, '')),
      ...[SECOND_DAY, ...NEWCOMERS].map(({ name }) => name.toLowerCase().replace(' ', '.')),
    ];
    const short = long.map(name => name.replace(/^(.)[^.]*/, '$1'));
    assert.equal(new Set([...long, ...short]).size, 2 * long.length);
  });
});

const accounts = ({ active }: Company) => new Set(active.map(person => person.fields.username ?? ''));

/** How many people and departments are not word for word as they were. */
function differences(before: Company, after: Company): number {
  const lines = (company: Company) =>
    new Set([...company.people, ...company.departments].map(one => JSON.stringify(one)));
  const keys = [...lines(before).symmetricDifference(lines(after))].map(line => {
    const { key, group_no } = JSON.parse(line) as Partial<PersonRecord & DepartmentRecord>;
    return key ?? group_no;
  });
  return new Set(keys).size;
}

/** An account or email that was ever somebody's is nobody else's later: rosterd would have to keep such a person out. */
function assertNothingReused({ people }: Company, owners: Map<string, string>): void {
  for (const { key, fields } of people) {
    for (const value of [fields.username ?? '', fields.email ?? '']) {
      assert.equal(owners.get(value) ?? key, key, `${value} stays its owner's`);
      owners.set(value, key);
    }
  }
}
