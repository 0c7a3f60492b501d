import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfiguration } from '../src/configuration.ts';
import { openLine } from '../src/line.ts';
import { renderSnapshot } from '../src/runs/body.ts';
import { type RunResult, run } from '../src/runs/run.ts';
import type { Clock } from '../src/sources/clock.ts';
import { openSources } from '../src/sources/open.ts';
import { openStore } from '../src/store/open.ts';
import { command } from './support/command.ts';
import { type FaultProxy, startFaultProxy } from './support/fault-proxy.ts';
import { temporaryFolder } from './support/folder.ts';
import { type HrDatabase, hrDatabase, hrSettings, hrSource, type Served } from './support/hr.ts';
import { type PeerRequest, startPeer } from './support/http-peer.ts';
import { writeConfig } from './support/rosterd.ts';

/** One roster from three systems: a MariaDB HR schema, BambooHR (its manifest as published), and a CSV of contractors. */

const MANIFEST = fileURLToPath(new URL('../config/manifests/bamboohr-update.json', import.meta.url));
const KEY = 'bamboo-secret-4711';

/** Four a page; `employees` as BambooHR's reports have them. */
const EMPLOYEES = ['a.lin', 'j.wu', 'm.chen', 's.mori', 'b.okafor', 'k.sato', 'old.timer', 'nobody'].map(
  (name, place) => ({
    id: 500 + place,
    workEmail: `${name}@acme.example`,
    mobilePhone: `0900-00${place}`,
    employeeNumber: `E${100 + place}`,
  }),
);

const CONTRACTORS = `no,name,mail,unit
C1,Iris Vance,i.vance@contract.example,RD
C2,江 美玲,m.jiang@contract.example,SALES
C3,Ole Brandt,o.brandt@contract.example,
`;

type Mood = 'fine' | 'broken on page 3' | 'empty' | 'login page';

/** Pages of three; what its mood says instead. */
function bamboo(mood: () => Mood) {
  return ({ query, headers }: PeerRequest, response: ServerResponse) => {
    const page = Number(query.get('page'));
    if (headers['authorization'] !== `Basic ${btoa(`${KEY}:x`)}`) return response.writeHead(401).end();
    if (mood() === 'login page') {
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
    }
    if (mood() === 'broken on page 3' && page === 3) {
      return response.writeHead(500, { 'retry-after': '0' }).end(`no report for ${KEY}`);
    }
    const employees = mood() === 'empty' ? [] : EMPLOYEES.slice((page - 1) * 3, page * 3);
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ title: 'x', employees }));
  };
}

interface Company extends AsyncDisposable {
  readonly folder: string;
  /** What nobody may be told. */
  readonly secrets: readonly string[];
  /** All that commands printed. */
  readonly told: readonly string[];
  readonly hr: HrDatabase;
  readonly toHr: FaultProxy;
  readonly toBamboo: FaultProxy;
  feels(mood: Mood): void;
  contractors(text: string): Promise<void>;
  pull(): Promise<RunResult>;
  served(): Promise<Served>;
  rosterd(...args: string[]): Promise<string>;
}

/** Waits for nobody. */
const clock: Clock = { now: Date.now, wait: async () => {}, random: () => 0.5 };

async function openCompany(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const hr = stack.use(await hrDatabase());
  let mood: Mood = 'fine';
  const peer = stack.use(await startPeer(bamboo(() => mood)));
  const { hostname, port } = new URL(hr.url);
  const toHr = stack.use(await startFaultProxy({ host: hostname, port: Number(port) }));
  const toBamboo = stack.use(await startFaultProxy({ host: '127.0.0.1', port: peer.port }));
  const file = join(folder.path, 'contractors.csv');
  await writeFile(file, CONTRACTORS);
  const config = await writeConfig(
    folder.path,
    settings(folder.path, toHr.through(hr.url), toBamboo.through(peer.origin)),
  );
  const loaded = (await readConfiguration(config, {})).config;
  const store = stack.use(await openStore(loaded.store, { migrate: true }));
  const line = { ...(await openLine(loaded, store)), sources: await openSources(loaded.sources, clock) };
  const told: string[] = [];
  const owned = stack.move();
  return {
    folder: folder.path,
    secrets: [KEY, btoa(`${KEY}:x`), new URL(hr.url).password].filter(secret => secret !== ''),
    told,
    hr,
    toHr,
    toBamboo,
    feels: now => {
      mood = now;
    },
    contractors: async text => void (await writeFile(file, text)),
    pull: () => run(line, { cause: 'pull', dryRun: false, signal: new AbortController().signal }),
    async served() {
      const newest = await store.snapshots.newest();
      assert(newest);
      return JSON.parse(new TextDecoder().decode(await renderSnapshot(store, newest.number)));
    },
    async rosterd(...args) {
      const { stdout, stderr } = await command([...args, '--config', config]);
      told.push(stdout + stderr);
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function settings(folder: string, url: string, bambooOrigin: string) {
  const hr = hrSource(url);
  const { ad_no: _, ...map } = hr.people.map;
  return hrSettings(folder, url, {
    authenticate: [],
    sources: [
      { ...hr, people: { ...hr.people, map } },
      {
        name: 'bamboohr',
        type: 'rest',
        manifest: MANIFEST,
        values: { KEY, REPORT_ID: '7', COMPANY_ID: 'acme' },
        extend: {
          data_structure: { email: 'workEmail', phone2: 'mobilePhone', ad_no: 'employeeNumber' },
          paginate: { type: 'page', param: 'page' },
        },
        hosts: { 'https://api.bamboohr.com': new URL(bambooOrigin).origin },
      },
      {
        name: 'contractors',
        type: 'csv',
        people: {
          file: 'contractors.csv',
          key: 'no',
          map: {
            username: { from: 'mail', transform: ['before_at', 'lower'] },
            email: 'mail',
            nick_name: 'name',
            departments: 'unit',
            company: { const: 'Contractor' },
          },
        },
      },
    ],
  });
}

test('one roster from a database, a manifest and a file; each field tells where it came from', async () => {
  await using company = await openCompany();
  assert.equal((await company.pull()).outcome.status, 'published');
  const { user_info_list: people } = await company.served();
  assert.deepEqual(people.map(one => one['username']).toSorted(), [
    'a.lin',
    'b.okafor',
    'i.vance',
    'j.wu',
    'k.sato',
    'm.chen',
    'm.jiang',
    'o.brandt',
    's.mori',
  ]);
  const lin = people.find(one => one['username'] === 'a.lin');
  assert.deepEqual([lin?.['phone1'], lin?.['phone2'], lin?.['ad_no']], ['02-5550-0101', '0900-000', 'E100']);

  EMPLOYEES[0] = { ...(EMPLOYEES[0] ?? assert.fail()), mobilePhone: '0911-111' };
  await company.contractors(CONTRACTORS.replace('o.brandt@contract.example,', 'o.brandt@contract.example,HQ'));
  await company.hr.execute("update employees set tel = '02-5550-0199' where emp_id = 2");
  assert.equal((await company.pull()).outcome.status, 'published');
  const diff = await company.rosterd('diff');
  assert.match(diff, /~ a\.lin\s+phone2\s+0900-000 → 0911-111\s+\(bamboohr\)/);
  assert.match(diff, /~ j\.wu\s+phone1\s+02-5550-0102 → 02-5550-0199\s+\(hr\)/);
  assert.match(diff, /HQ\s+\+ o\.brandt/);
  const person = await company.rosterd('person', 'a.lin');
  assert.match(person, /phone1\s+02-5550-0101\s+\(hr\)/);
  assert.match(person, /phone2\s+0911-111\s+\(bamboohr\)\s+since snapshot 2/);
  assert.match(person, /ad_no\s+E100\s+\(bamboohr\)/);
  assert.match(await company.rosterd('person', 'i.vance'), /company\s+Contractor\s+\(contractors\)/);
});

interface Trouble {
  readonly what: string;
  readonly source: string;
  bring(company: Company): unknown;
  mend(company: Company): unknown;
  /** What `status` and `log` must say. */
  readonly says: RegExp;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: 'the database is stopped',
    source: 'hr',
    bring: ({ toHr }) => toHr.refuse(),
    mend: ({ toHr }) => toHr.restore(),
    says: /hr.*ECONNREFUSED/,
  },
  {
    what: 'the database is emptied',
    source: 'hr',
    bring: ({ hr }) => hr.execute('rename table employees to away; create table employees like away'),
    mend: ({ hr }) => hr.execute('drop table employees; rename table away to employees'),
    says: /source hr gives no people any more; its last good read gave 7 rows/,
  },
  {
    what: 'BambooHR is stopped',
    source: 'bamboohr',
    bring: ({ toBamboo }) => toBamboo.refuse(),
    mend: ({ toBamboo }) => toBamboo.restore(),
    says: /GET https:\/\/api\.bamboohr\.com\/.*\(page 1\): .*ECONNREFUSED.*5 times/,
  },
  {
    what: 'BambooHR answers 500 on page 3',
    source: 'bamboohr',
    bring: company => company.feels('broken on page 3'),
    mend: company => company.feels('fine'),
    says: /\(page 3\): expected a success, and got status 500, 5 times: no report for \*\*\*/,
  },
  {
    what: 'BambooHR answers an empty list',
    source: 'bamboohr',
    bring: company => company.feels('empty'),
    mend: company => company.feels('fine'),
    says: /source bamboohr gives no people any more; its last good read gave 8 rows/,
  },
  {
    what: 'BambooHR answers a login page with 200',
    source: 'bamboohr',
    bring: company => company.feels('login page'),
    mend: company => company.feels('fine'),
    says: /\(page 1\): expected JSON, and got text\/html, a page for people to read, as a login page is: <!doctype html>/,
  },
  {
    what: 'the file is empty',
    source: 'contractors',
    bring: company => company.contractors(''),
    mend: company => company.contractors(CONTRACTORS),
    says: /contractors\.csv.*has no header/,
  },
  {
    what: 'the file has a header and nobody',
    source: 'contractors',
    bring: company => company.contractors('no,name,mail,unit\n'),
    mend: company => company.contractors(CONTRACTORS),
    says: /source contractors gives no people any more; its last good read gave 3 rows/,
  },
  {
    what: 'the file is a login page',
    source: 'contractors',
    bring: company => company.contractors('<!doctype html>\n<title>Sign in</title>\n'),
    mend: company => company.contractors(CONTRACTORS),
    says: /contractors\.csv: column "no" is not in the header: <!doctype html>/,
  },
];

test('nobody is ever removed, whichever source fails in whichever way; status and log say which and why', async t => {
  await using company = await openCompany();
  assert.equal((await company.pull()).outcome.status, 'published');
  const before = await company.served();
  for (const { what, source, bring, mend, says } of TROUBLES) {
    await t.test(what, async () => {
      await bring(company);
      const { outcome } = await company.pull();
      assert.ok(outcome.status === 'failed' || outcome.status === 'held', outcome.status);
      assert.deepEqual(await company.served(), before);
      for (const told of [await company.rosterd('status'), await company.rosterd('log', '--runs', '-n', '1')]) {
        assert.match(told, says);
        assert.match(told, new RegExp(`\\b${source}\\b`));
      }
      await mend(company);
      assert.equal((await company.pull()).outcome.status, 'unchanged');
    });
  }
  await t.test('no secret was told or stored', async () => {
    await company.rosterd('check');
    await company.rosterd('show', '--json');
    const written = (await readdir(company.folder)).filter(name => name.startsWith('roster.db'));
    assert.ok(written.length > 0);
    const kept = await Promise.all(written.map(name => readFile(join(company.folder, name), 'latin1')));
    for (const text of [...company.told, ...kept]) {
      for (const secret of company.secrets) assert.ok(!text.includes(secret), text.slice(0, 2000));
    }
  });
});
