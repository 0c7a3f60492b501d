import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticator, ServerNotice } from '../../../src/logins/authenticate.ts';
import { ldapAuthenticator } from '../../../src/logins/ldap/authenticator.ts';
import type { ServerTerms } from '../../../src/logins/ldap/servers.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { directory, sharedSlapd } from '../../support/slapd.ts';
import { attempt, ldapConfig, why } from '../configured.ts';
import { ldapPeer } from '../listening.ts';

const { peopleDn, people, reader } = directory;
const [ada] = people;
const byName = { bind_dn: `uid={username},${peopleDn}` };
const bySearch = { bind: reader, base: peopleDn, filter: '(uid={username})' };

/** Two ways to the shared server, which fail on demand as if they were servers of their own. */
async function twoServers(): Promise<AsyncDisposable & { first: FaultProxy; second: FaultProxy; url: string[] }> {
  const { hostname, port } = new URL(sharedSlapd().url);
  const target = { host: hostname, port: Number(port) };
  const [first, second] = [await startFaultProxy(target), await startFaultProxy(target)];
  return {
    first,
    second,
    url: [first, second].map(proxy => `ldap://127.0.0.1:${proxy.port}`),
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

function opened(block: Parameters<typeof ldapConfig>[0], terms: Partial<ServerTerms> = {}): Authenticator {
  return ldapAuthenticator(ldapConfig(block), terms);
}

/** The right password of somebody, or another one. */
const adaAt = (authenticator: Authenticator, password: string = ada.password) =>
  attempt(authenticator, ada.uid, password);

const accepted = { status: 'accepted' };

/** Waits until something is so, which it soon is. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries += 1) await sleep(5);
  assert.ok(isSo());
}

suite('several servers', () => {
  test('are asked in their order, the next one only when one fails', async () => {
    await using servers = await twoServers();
    await using ldap = opened({ url: servers.url, ...byName });
    assert.deepEqual((await adaAt(ldap)).verdict, accepted);
    assert.equal(servers.second.connections, 0);
    servers.first.refuse();
    await using another = opened({ url: servers.url, ...byName });
    assert.deepEqual((await adaAt(another)).verdict, accepted);
    assert.equal(servers.second.connections, 1);
    assert.equal(ldap.name, `ldap ${servers.url.join(', ')}`);
  });

  test('are not asked for another opinion', async () => {
    await using servers = await twoServers();
    for (const block of [byName, bySearch]) {
      await using ldap = opened({ url: servers.url, ...block });
      assert.equal((await adaAt(ldap, 'not-the-one')).verdict.status, 'refused');
      assert.notEqual((await attempt(ldap, 'nobody', 'x')).verdict.status, 'accepted');
    }
    await using odd = opened({ url: servers.url, bind_dn: '{username}@corp.example' });
    assert.equal(
      why((await adaAt(odd)).verdict),
      `${servers.url[0]} answered InvalidDNSyntax (result code 34): invalid DN`,
    );
    await using outdated = opened({ url: servers.url, ...bySearch, bind: { ...reader, password: 'old-secret' } });
    for (let times = 0; times < 2; times += 1) {
      assert.equal(
        why((await adaAt(outdated)).verdict),
        `${servers.url[0]} does not accept the service account ${reader.dn}; check bind.dn and bind.password, and restart: it is not tried again for half an hour`,
      );
    }
    assert.equal(servers.second.connections, 0);
  });

  test('fail by what they answer, too', async () => {
    const { url } = sharedSlapd();
    for (const [code, isFailure] of [
      [51, true],
      [52, true],
      [80, true],
      [118, true],
      [1, false],
      [10, false],
      [53, false],
    ] as const) {
      await using peer = await ldapPeer(() => ({ code, text: 'so it is' }));
      await using ldap = opened({ url: [peer.url, url], ...byName });
      const { verdict } = await adaAt(ldap);
      assert.equal(verdict.status, isFailure ? 'accepted' : 'unavailable', `code ${code}`);
      if (!isFailure)
        assert.match(why(verdict), new RegExp(`^${peer.url} answered \\w+ \\(result code ${code}\\): so it is`));
    }
  });

  test('that stand still take no more than their share of the time', async () => {
    await using servers = await twoServers();
    await using ldap = opened({ url: servers.url, ...byName, timeout: '400ms' }, { lastResort: 100 });
    servers.first.freeze();
    const first = await adaAt(ldap);
    assert.deepEqual(first.verdict, accepted);
    assert.ok(first.steps.includes(`${servers.url[0]} did not answer within 200 ms`), first.steps.join('\n'));
    // From now on nobody waits for it.
    const asked = servers.first.connections;
    const started = performance.now();
    const { verdict, steps } = await adaAt(ldap);
    assert.deepEqual(verdict, accepted);
    assert.ok(performance.now() - started < 150);
    assert.equal(
      steps[0],
      `${servers.url[0]} is passed over: it did not answer within 200 ms, and is not asked for another 30 s`,
    );
    assert.equal(servers.first.connections, asked);
  });

  test('that are all dead are named each, and all tried again for a little while', async () => {
    await using servers = await twoServers();
    const [one, two] = servers.url;
    await using ldap = opened({ url: servers.url, ...byName, timeout: '200ms' }, { lastResort: 60 });
    for (const proxy of [servers.first, servers.second]) proxy.freeze();
    const late = (ms: number) => `${one} did not answer within ${ms} ms; ${two} did not answer within ${ms} ms`;
    const patience = [
      [200, 100],
      [60, 30],
    ] as const;
    for (const [all, each] of patience) {
      const started = performance.now();
      const { verdict } = await adaAt(ldap);
      const took = performance.now() - started;
      assert.equal(verdict.status, 'unavailable');
      assert.match(
        why(verdict),
        new RegExp(`^${one} did not answer within ${each} ms; ${two} did not answer within \\d+ ms$`),
      );
      assert.ok(took > all - 20 && took < all + 150, `${took} ms; ${late(each)}`);
    }
    await servers.second.restore();
    assert.deepEqual((await adaAt(ldap)).verdict, accepted);
    // One that has answered is no longer parked.
    const { steps } = await adaAt(ldap);
    assert.match(steps.join('\n'), new RegExp(`^${one} is passed over: .*\nasking ${two}\n`));
  });

  test('that refuse are named each', async () => {
    await using servers = await twoServers();
    for (const proxy of [servers.first, servers.second]) proxy.refuse();
    await using ldap = opened({ url: servers.url, ...byName });
    const refuses = 'refuses connections; is it running, and is the port right? (ECONNREFUSED)';
    assert.deepEqual((await adaAt(ldap)).verdict, {
      status: 'unavailable',
      why: `${servers.url[0]} ${refuses}; ${servers.url[1]} ${refuses}`,
    });
  });

  test('that are parked are asked all the same when the others fail, if there is time', async () => {
    await using servers = await twoServers();
    await using ldap = opened({ url: servers.url, ...byName, timeout: '200ms' });
    servers.first.refuse();
    assert.deepEqual((await adaAt(ldap)).verdict, accepted);
    await servers.first.restore();
    servers.second.freeze();
    assert.equal(
      why((await adaAt(ldap)).verdict),
      `${servers.url[1]} did not answer within 200 ms; ${servers.url[0]} was not asked again: before, it refuses connections; is it running, and is the port right? (ECONNREFUSED)`,
    );
    assert.deepEqual((await adaAt(ldap)).verdict, accepted);
  });
});

suite('a parked server', () => {
  test('is probed in the background when its time is over, once', async () => {
    let time = 0;
    await using servers = await twoServers();
    const notices: ServerNotice[] = [];
    const terms = { now: () => time, notify: (notice: ServerNotice) => void notices.push(notice) };
    await using ldap = opened({ url: servers.url, ...byName, timeout: '300ms' }, terms);
    servers.first.freeze();
    assert.deepEqual((await adaAt(ldap)).verdict, accepted);
    const { connections } = servers.first;
    time = 29_000;
    const passedOver = async () => assert.match((await adaAt(ldap)).steps[0] ?? '', / is passed over: /);
    await passedOver();
    assert.equal(servers.first.connections, connections);

    time = 30_000;
    for (let times = 0; times < 3; times += 1) await passedOver();
    await until(() => servers.first.connections > connections);
    assert.equal(servers.first.connections, connections + 1);
    // It still stands still, takes connections as it may, and is parked again.
    await sleep(320);
    const { steps } = await adaAt(ldap);
    assert.match(steps[0] ?? '', /it did not answer within 300 ms, and is not asked for another 30 s$/);

    await servers.first.restore();
    time = 61_000;
    const probed = await adaAt(ldap);
    assert.match(probed.steps[0] ?? '', /, and is now probed in the background$/);
    for (let tries = 0; tries < 100; tries += 1) {
      const again = await adaAt(ldap);
      if (again.steps[0] === `asking ${servers.url[0]}`) break;
      await sleep(5);
    }
    const [server = ''] = servers.url;
    assert.deepEqual(notices, [{ server, trouble: 'did not answer within 150 ms' }, { server }]);
  });

  test('is back when it answers anything but that it is busy', async () => {
    for (const [code, isBack] of [
      [51, false],
      [53, true],
    ] as const) {
      let time = 0;
      let isOut = true;
      await using peer = await ldapPeer(name => ({ code: name === '' ? code : isOut ? 52 : 0 }));
      await using ldap = opened({ url: [peer.url, sharedSlapd().url], ...byName }, { now: () => time });
      await adaAt(ldap);
      isOut = false;
      time = 30_000;
      await adaAt(ldap);
      await until(() => peer.open === 0);
      const { steps } = await adaAt(ldap);
      assert.equal(steps[0]?.startsWith('asking'), isBack, steps[0]);
    }
  });

  test('is not probed any more when the authenticator is closed', async () => {
    let time = 0;
    await using servers = await twoServers();
    const ldap = opened({ url: servers.url, ...byName }, { now: () => time });
    servers.first.refuse();
    await adaAt(ldap);
    await servers.first.restore();
    servers.first.freeze();
    time = 30_000;
    await adaAt(ldap);
    await until(() => servers.first.bytesFromClients > 0);
    const started = performance.now();
    await ldap[Symbol.asyncDispose]();
    assert.ok(performance.now() - started < 1000);
  });

  test('lets those go on to the next who wait for a connection to it', async () => {
    await using servers = await twoServers();
    await using ldap = opened({ url: servers.url, ...byName, timeout: '600ms' }, { places: 1 });
    servers.first.freeze();
    const first = adaAt(ldap);
    await sleep(100);
    const second = await adaAt(ldap);
    assert.deepEqual(second.verdict, accepted);
    assert.ok(
      second.steps.includes(`${servers.url[0]} failed another login meanwhile: it did not answer within 300 ms`),
      second.steps.join('\n'),
    );
    assert.deepEqual((await first).verdict, accepted);
  });
});
