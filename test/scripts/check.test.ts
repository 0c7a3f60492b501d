import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkUp } from '../../scripts/checkup.ts';
import { type House, openHouse } from '../runs/house.ts';
import { hire, hrConfig } from '../support/hr.ts';
import { startPeer } from '../support/http-peer.ts';
import { freePort } from '../support/port.ts';

const QUERY = 'SELECT password_hash FROM employees WHERE account = ?';
const BCRYPT = '$2b$04$abcdefghijklmnopqrstuuI9bZCuY3iL1D8aa7mpGEju3kdgOOzj6';
const SSHA = '{SSHA}u7O2o3I8NRS0xNhZsSqqIyV5pT7VCFiS';

/** What `check` finds out about the password hashes of a house. */
async function found({ hr, store }: House, query = QUERY, more: object = {}) {
  const authenticate = [{ type: 'sql', url: hr.url, query, ...more }];
  const findings = await checkUp(hrConfig('', hr.url, { store: store.address, authenticate }));
  const [finding] = findings.filter(({ part }) => part.startsWith('authenticate'));
  return [finding?.fine, finding?.text];
}

const setHash = ({ hr }: House, hash: string | null, ...ids: readonly number[]) =>
  hr.execute('update employees set password_hash = ? where emp_id in (?)', [hash, ids]);

suite('check looks at password hashes', () => {
  test('of the people of the newest snapshot, by their logins', async () => {
    await using house = await openHouse();
    assert.deepEqual(await found(house), [
      true,
      'answers; no password hash was looked at, because there is no snapshot yet',
    ]);
    await house.pull();
    assert.deepEqual(await found(house), [true, 'answers; 0 of 6 people have a password there']);
    await setHash(house, SSHA, 1);
    await setHash(house, BCRYPT, 2, 3, 7);
    await setHash(house, '!', 4);
    await house.hr.execute("update employees set account = 'a.lin-chen' where emp_id = 1");
    await house.pull();
    assert.deepEqual(await found(house), [true, 'answers; 3 of 6 people have a password there: 2 bcrypt, 1 {SSHA}']);
  });

  test('and says of whom one cannot be checked, and how it can be', async () => {
    await using house = await openHouse();
    await setHash(house, BCRYPT, 1, 2, 3);
    await house.pull();
    await setHash(house, '5f4dcc3b5aa765d61d8327deb882cf99', 3);
    const why = 'the password hash of m.chen is 32 hexadecimal digits; name how they were made by scheme: md5';
    assert.deepEqual(await found(house), [false, why]);
    assert.deepEqual(await found(house, QUERY, { scheme: 'md5' }), [
      true,
      'answers; 3 of 6 people have a password there: 2 bcrypt, 1 md5',
    ]);
    await setHash(house, `$2b$17$${'a'.repeat(53)}`, 5);
    const dear = 'the password hash of b.okafor asks for more work (bcrypt, cost 17) than rosterd does for one login';
    assert.deepEqual(await found(house), [
      false,
      `${dear}; it must be set anew at less cost (and so for 1 more of the 6 people looked at)`,
    ]);
  });

  test('and at the shape of what the query gives', async () => {
    await using house = await openHouse();
    await house.pull();
    const gives = async (query: string, more = {}) => (await found(house, query, more)).join(': ');
    assert.match(
      await gives(QUERY.replace('hash', 'hash, account')),
      /^false: the query gives 2 columns; it must give/,
    );
    assert.match(
      await gives(QUERY, { scheme: 'md5', salt: 'after' }),
      /^false: the query gives one column; with salt it must give two/,
    );
    assert.match(
      await gives("SELECT password_hash FROM employees WHERE ? <> ''"),
      /^false: several rows have the login a\.lin \(and so for 5 more of the 6 people looked at\)$/,
    );
  });

  test('of no more than fifty people, from the first to the last', async () => {
    await using house = await openHouse();
    await hire(house.hr, 194);
    await house.hr.execute('update employees set password_hash = ? where emp_id > 200', [SSHA]);
    await house.pull();
    const [fine, text] = await found(house);
    const having = /^answers; (\d+) of 50 people have a password there: \1 \{SSHA\}$/.exec(`${text}`);
    assert.equal(fine, true);
    assert.ok(Math.abs(Number(having?.[1]) - 23) <= 3, `${text}`);
  });
});

test('check finds a service that lets in whom nobody is called', async () => {
  await using peer = await startPeer((_, response) => response.end('{"ok":false}'));
  await using house = await openHouse();
  const authenticate = [{ type: 'rest', url: `${peer.origin}/login`, auth: 'basic' }];
  const findings = await checkUp(hrConfig('', house.hr.url, { store: house.store.address, authenticate }));
  const [finding] = findings.filter(({ part }) => part.startsWith('authenticate'));
  assert.deepEqual(finding, {
    part: `authenticate rest ${peer.origin}/login`,
    fine: false,
    text: 'lets in "rosterd-check-nobody", whom nobody is called, with a password that nobody has: look at which answers count as accepted',
  });
});

suite('check connects to those who are to be told things', () => {
  test('and tells them nothing', async () => {
    await using house = await openHouse();
    await using peer = await startPeer(() => assert.fail('it was told something'));
    const addresses = { from: 'rosterd@acme.example', to: 'ops@acme.example' };
    const port = await freePort();
    const notify = [
      { type: 'webhook', url: `${peer.origin}/hooks/T0000/s3cretToken`, format: 'slack' },
      { type: 'webhook', url: `http://127.0.0.1:${port}/s3cret` },
      { type: 'email', server: `smtp://127.0.0.1:${port}`, ...addresses },
    ];
    const findings = await checkUp(hrConfig('', house.hr.url, { store: house.store.address, notify }));
    const refused = 'refuses connections; is it running, and is the port right? (ECONNREFUSED)';
    assert.deepEqual(
      findings.filter(({ part }) => part.startsWith('notify')),
      [
        { part: `notify slack ${peer.origin}/…oken`, fine: true, text: 'can be reached; nothing was sent' },
        { part: `notify webhook http://127.0.0.1:${port}/…`, fine: false, text: refused },
        { part: `notify email to ops@acme.example by 127.0.0.1:${port}`, fine: false, text: refused },
      ],
    );
    assert.equal(peer.requests.length, 0);
  });
});
