import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Client } from 'ldapts';
import { temporaryFolder } from './support/folder.ts';
import { hrSettings } from './support/hr.ts';
import { type Answer, type Daemon, startDaemon, writeConfig } from './support/rosterd.ts';
import { directory, entry, type Slapd, startSlapd } from './support/slapd.ts';

/**
 * The daemon in front of a directory that locks an account after five wrong passwords, as an organisation's people and those
 * who mean them harm meet it. Every password here has MARK in it, so that the last test finds any that was kept.
 */

const MARK = 'Hx7qz';
const PEOPLE = 560;
const THRESHOLD = 5;

const name = (at: number) => `user${at}`;
const dnOf = (username: string) => `uid=${username},${directory.peopleDn}`;
const right = (username: string) => `${MARK}-right-${username}`;

/** Passwords that somebody between a keyboard and the directory might bend. */
const AWKWARD = [
  `a:${MARK}:b`,
  `"${MARK}'`,
  `  ${MARK}  `,
  `${MARK}🔑👩‍👩‍👧`,
  MARK.padEnd(1000, 'x'),
  `%20${MARK}%`,
  `\\${MARK}\\n`,
  `e\u0301${MARK}\u00e9`,
  `\t${MARK}\r\n`,
  `${MARK}{username}{password}`,
] as const;
const awkward = (at: number) => `awkward${at}`;

const everybody = [...Array.from({ length: PEOPLE }, (_, at) => name(at)), ...AWKWARD.map((_, at) => awkward(at))];

let stack: AsyncDisposableStack | undefined;
let folder: string;
let slapd: Slapd;
let daemon: Daemon;

before(async () => {
  await using starting = new AsyncDisposableStack();
  folder = starting.use(await temporaryFolder()).path;
  slapd = starting.use(await startSlapd({ lockAfter: THRESHOLD }));
  const passwords = new Map(everybody.map(username => [username, right(username)]));
  for (const [at, password] of AWKWARD.entries()) passwords.set(awkward(at), password);
  await slapd.add([...passwords, ['ghost', right('ghost')] as const].map(([uid, pw]) => account(uid, pw)).join('\n'));
  const rows = everybody.map(username => `${username},${username}@acme.example`);
  await writeFile(join(folder, 'people.csv'), ['account,mail', ...rows, ''].join('\n'));
  const people = { file: join(folder, 'people.csv'), key: 'account', map: { username: 'account', email: 'mail' } };
  const settings = hrSettings(folder, '', {
    sources: [{ name: 'hr', type: 'csv', settled: '1ms', people }],
    authenticate: [
      {
        type: 'ldap',
        url: slapd.ldapsUrl,
        tls: { ca_file: slapd.caFile },
        bind_dn: dnOf('{username}'),
      },
    ],
  });
  daemon = starting.use(await startDaemon(await writeConfig(folder, settings)));
  assert.equal((await daemon.sync()).body.status, 'success');
  stack = starting.move();
});

after(() => stack?.disposeAsync());

const account = (uid: string, password: string) =>
  entry(dnOf(uid), { objectClass: 'inetOrgPerson', uid, cn: uid, sn: uid, userPassword: password });

const SUCCESS = { status: 'success' };
const INCORRECT = { status: 'fail', message: 'account or password is incorrect' };

/** Does all of `work`, at most so many at once. */
async function inFlight<Item>(
  most: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = [...items].values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

/** Whether the directory itself lets somebody in. */
async function isOpen(username: string): Promise<boolean> {
  const client = new Client({ url: slapd.url });
  try {
    await client.bind(dnOf(username), right(username));
    return true;
  } catch {
    return false;
  } finally {
    await client.unbind();
  }
}

const bodyOf = ({ body }: Answer) => body as unknown;

suite('logins at a directory', () => {
  test('one password on 500 names raises one alert and locks nobody out', async () => {
    await inFlight(16, everybody.slice(30, 530), username => daemon.authenticate(username, `${MARK}-spring`));
    const alerts = daemon.program.output.match(
      /"failing":30,"tried":30,"minutes":10,"msg":"logins fail for many accounts/g,
    );
    assert.equal(alerts?.length, 1);
    await inFlight(16, everybody.slice(230, 530), async username => {
      assert.deepEqual(bodyOf(await daemon.authenticate(username, right(username))), SUCCESS, username);
    });
  });

  test('200 at once, right and wrong mixed, 64 in flight: everybody gets their own answer', async () => {
    const tries = Array.from({ length: 200 }, (_, at) => ({ username: name(at), isRight: at % 3 !== 0 }));
    await inFlight(64, tries, async ({ username, isRight }) => {
      const answer = await daemon.authenticate(username, isRight ? right(username) : `${MARK}-other`);
      assert.deepEqual(bodyOf(answer), isRight ? SUCCESS : INCORRECT, username);
    });
  });

  test('50 wrong tries on one account do not lock it in the directory', async () => {
    const username = name(210);
    const tries = Array.from({ length: 50 }, (_, at) => `${MARK}-guess-${at}`);
    await inFlight(10, tries, async password => {
      assert.deepEqual(bodyOf(await daemon.authenticate(username, password)), INCORRECT);
    });
    assert.deepEqual(bodyOf(await daemon.authenticate(username, right(username))), INCORRECT);
    assert.ok(await isOpen(username));
    // Else the test could not fail: five of them do lock it.
    for (let count = 0; count < THRESHOLD; count++) await bindWrongly(name(211));
    assert.equal(await isOpen(name(211)), false);
  });

  test('unknown, unpublished and wrong take the same time', async () => {
    const times: Record<string, number[]> = { unknown: [], unpublished: [], wrong: [] };
    const timed = async (kind: string, username: string) => {
      const began = performance.now();
      assert.deepEqual(bodyOf(await daemon.authenticate(username, `${MARK}-timed`)), INCORRECT);
      times[kind]?.push(performance.now() - began);
    };
    for (let at = 0; at < 300; at++) {
      await timed('wrong', name(220 + at));
      await timed('unpublished', 'ghost');
      await timed('unknown', `nobody${at}`);
    }
    const medians = Object.values(times).map(list => list.sort((a, b) => a - b)[150] ?? Number.NaN);
    assert.ok(Math.max(...medians) - Math.min(...medians) < 5, `${medians}`);
  });

  test('a password reaches the directory byte for byte', async () => {
    for (const [at, password] of AWKWARD.entries()) {
      assert.deepEqual(bodyOf(await daemon.authenticate(awkward(at), password)), SUCCESS, JSON.stringify(password));
    }
    for (const password of [AWKWARD[2].trim(), AWKWARD[7].normalize('NFC')]) {
      assert.deepEqual(bodyOf(await daemon.authenticate(awkward(0), password)), INCORRECT);
    }
  });

  test('and is nowhere: neither in the log nor in the store', async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
    const ofStore = files.filter(file => file.startsWith(join(folder, 'roster.db')));
    assert.ok(ofStore.length > 0);
    const texts = await Promise.all(ofStore.map(file => readFile(file, 'latin1')));
    for (const text of [daemon.program.output, ...texts]) assert.ok(!text.includes(MARK));
    assert.match(daemon.program.output, /"username":"user210","outcome":"refused"/);
  });
});

async function bindWrongly(username: string): Promise<void> {
  const client = new Client({ url: slapd.url });
  await assert.rejects(client.bind(dnOf(username), 'wrong'));
  await client.unbind();
}
