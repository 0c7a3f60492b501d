import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, type RequestOptions, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { callers } from '../../src/http/caller.ts';
import { temporaryFolder } from '../support/folder.ts';
import { ask, assertFails, openHouse } from './house.ts';

type Headers = Readonly<Record<string, string | string[]>>;

/** Asks a server of its own who called it. */
interface Asking extends AsyncDisposable {
  caller(forwarded?: string | string[], from?: string): Promise<string>;
}

/** A server that answers with what it takes for its caller; at an address, or at the path of a unix socket. */
async function serverAt(at: { host: string } | { path: string }, trusted: readonly string[]): Promise<Asking> {
  const callerOf = callers(trusted);
  const server = createServer((incoming, answer) => void answer.end(callerOf(incoming)));
  server.listen('host' in at ? { host: at.host, port: 0 } : at);
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  const place: RequestOptions =
    'path' in at ? { socketPath: at.path } : { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  if ('host' in at && at.host === '::1') place.host = '::1';
  return {
    async caller(forwarded, from) {
      const headers: Headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
      const outgoing = request({ ...place, agent, headers, ...(from ? { localAddress: from } : {}) }).end();
      const [incoming] = await once(outgoing, 'response');
      let text = '';
      for await (const chunk of incoming) text += chunk;
      return text;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const LOOPBACK = { host: '127.0.0.1' };
const hasIPv6 = Object.values(networkInterfaces()).some(list => list?.some(one => one.address === '::1'));
const withIPv6 = { skip: hasIPv6 ? false : 'this machine has no IPv6' };

suite('who calls', () => {
  test('is whoever is connected, whatever they write, unless that is a trusted proxy', async () => {
    await using server = await serverAt(LOOPBACK, []);
    assert.equal(await server.caller(), '127.0.0.1');
    assert.equal(await server.caller('192.0.2.1'), '127.0.0.1');
    await using other = await serverAt(LOOPBACK, ['127.0.0.2', '10.0.0.0/8', 'unix']);
    assert.equal(await other.caller('192.0.2.1, 10.0.0.1'), '127.0.0.1');
    assert.equal(await other.caller('192.0.2.1, 10.0.0.1', '127.0.0.2'), '192.0.2.1');
  });

  test('is the last address before the proxies that are trusted', async () => {
    await using server = await serverAt(LOOPBACK, ['127.0.0.1', '10.1.2.0/24', '2001:db8:1::/48']);
    const cases: [forwarded: string | string[] | undefined, caller: string][] = [
      [undefined, '127.0.0.1'],
      ['', '127.0.0.1'],
      ['192.0.2.1', '192.0.2.1'],
      ['198.51.100.9, 192.0.2.1', '192.0.2.1'],
      ['192.0.2.1, 10.1.2.3, 10.1.2.250', '192.0.2.1'],
      ['192.0.2.1,10.1.3.1,10.1.2.3', '10.1.3.1'],
      [['192.0.2.1, 10.1.2.3', '10.1.2.4'], '192.0.2.1'],
      ['10.1.2.9, 10.1.2.3', '10.1.2.9'],
      ['192.0.2.1, 2001:db8:1:ffff::7', '192.0.2.1'],
      ['192.0.2.1, 2001:DB8:2:0::7', '2001:db8:2::7'],
      ['192.0.2.1, ::ffff:10.1.2.3', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::ffff:c000:201', '192.0.2.1'],
      ['192.0.2.1:4711', '192.0.2.1'],
      ['[2001:db8:2::7]:4711, 10.1.2.3', '2001:db8:2::7'],
      ['[2001:db8:2::7]', '2001:db8:2::7'],
      ['fe80::1%eth0', 'fe80::1'],
    ];
    for (const [forwarded, caller] of cases) assert.equal(await server.caller(forwarded), caller, String(forwarded));
  });

  test('is the last that can be right where rubbish follows', async () => {
    await using server = await serverAt(LOOPBACK, ['127.0.0.1', '10.1.2.3']);
    for (const rubbish of [
      'unknown',
      '_hidden',
      'unix',
      '1.2.3',
      '1.2.3.04',
      '1.2.3.4.5',
      '[::1',
      ':80',
      '%',
      'x'.repeat(5000),
    ]) {
      assert.equal(await server.caller(`192.0.2.1, ${rubbish}`), '127.0.0.1', rubbish);
      assert.equal(await server.caller(`192.0.2.1, ${rubbish}, 10.1.2.3`), '10.1.2.3', rubbish);
      assert.equal(await server.caller(`${rubbish}, 192.0.2.1, 10.1.2.3`), '192.0.2.1', rubbish);
    }
    for (const empty of [',', ' , ', '192.0.2.1,']) assert.equal(await server.caller(empty), '127.0.0.1');
  });

  test('may be everybody, who is then believed', async () => {
    await using server = await serverAt(LOOPBACK, ['0.0.0.0/0', '::/0']);
    assert.equal(await server.caller('2001:db8::1, 192.0.2.1'), '2001:db8::1');
  });

  test('on a unix socket is everybody, or whom a trusted one there names', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'socket');
    {
      await using server = await serverAt({ path }, ['127.0.0.1', '0.0.0.0/0']);
      assert.equal(await server.caller('192.0.2.1'), 'unix');
    }
    await using server = await serverAt({ path }, ['unix', '10.0.0.1']);
    assert.equal(await server.caller(), 'unix');
    assert.equal(await server.caller('192.0.2.1, 10.0.0.1'), '192.0.2.1');
    assert.equal(await server.caller('rubbish'), 'unix');
  });

  test('over IPv6 is told in its shortest form, and is IPv4 where it only stands for that', withIPv6, async () => {
    await using six = await serverAt({ host: '::1' }, ['0:0:0:0:0:0:0:1']);
    assert.equal(await six.caller(), '::1');
    assert.equal(await six.caller('192.0.2.1'), '192.0.2.1');
    await using both = await serverAt({ host: '::' }, ['127.0.0.0/8']);
    assert.equal(await both.caller(), '127.0.0.1');
    assert.equal(await both.caller('192.0.2.1'), '192.0.2.1');
    await using mapped = await serverAt(LOOPBACK, ['::ffff:127.0.0.0/104', '::ffff:10.0.0.1']);
    assert.equal(await mapped.caller('192.0.2.1, 10.0.0.1'), '192.0.2.1');
  });
});

const trusted = ['127.0.0.1', '10.0.0.0/8', '2001:db8:1::/48'];
const proxy = fc.oneof(
  fc.nat(255).map(last => `10.1.2.${last}`),
  fc.nat(0xffff).map(last => `2001:db8:1::${last.toString(16)}`),
);
const client = fc.oneof(
  fc.nat(255).map(last => `192.0.2.${last}`),
  fc.integer({ min: 1, max: 0xffff }).map(last => `2001:db8:2::${last.toString(16)}`),
);
/** What somebody may write who would be taken for somebody else. */
const forged = fc.array(fc.oneof(proxy, client, fc.string({ unit: 'grapheme-ascii' })), { maxLength: 4 });

suite('whatever is written in X-Forwarded-For', () => {
  test('trusted proxies are seen through, and nobody can forge whom they were called by', async () => {
    await using server = await serverAt(LOOPBACK, trusted);
    const property = fc.asyncProperty(
      forged,
      client,
      fc.array(proxy, { maxLength: 4 }),
      async (before, who, proxies) => {
        assert.equal(await server.caller([...before, who, ...proxies].join(', ')), who);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test('whoever is not trusted is who is connected', async () => {
    await using server = await serverAt(LOOPBACK, trusted);
    const property = fc.asyncProperty(forged, async before => {
      assert.equal(await server.caller(before.join(', '), '127.0.0.9'), '127.0.0.9');
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

suite('behind a proxy', () => {
  const guess = (house: { port: number }, from: string) =>
    ask(house, '/sync', { as: 'Basic Z3Vlc3M6Z3Vlc3M=', headers: { 'x-forwarded-for': from } });

  test('wrong tokens are counted by who sent them, who is in the log', async () => {
    await using house = await openHouse({
      trustedProxies: ['127.0.0.1'],
      limits: { authFailures: { count: 2, seconds: 60 } },
    });
    for (const status of [401, 401, 429]) assertFails(await guess(house, '192.0.2.1'), status);
    assertFails(await guess(house, '198.51.100.1, 192.0.2.1'), 429);
    assertFails(await guess(house, '192.0.2.2'), 401);
    assert.equal((await house.log.line(one => one['status'] === 429))['from'], '192.0.2.1');
  });

  test('that is not trusted any more, they are counted by the proxy', async () => {
    await using house = await openHouse({
      trustedProxies: ['127.0.0.1'],
      limits: { authFailures: { count: 1, seconds: 60 } },
    });
    assertFails(await guess(house, '192.0.2.1'), 401);
    house.server.change({ clients: [], login: house.login, language: 'en' });
    assertFails(await guess(house, '192.0.2.2'), 401);
    assertFails(await guess(house, '192.0.2.3'), 429);
    assert.equal((await house.log.line(one => one['status'] === 429))['from'], '127.0.0.1');
  });
});
