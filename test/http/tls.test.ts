import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import tls, { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { makeCertificate, type SelfSigned } from '../../scripts/certificate.ts';
import type { ServerSettings } from '../../src/http/server.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import { makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runProgram } from '../support/program.ts';
import {
  type Answer,
  assertFails,
  assertSucceeds,
  gateway,
  type House,
  OMFLOW,
  openHouse,
  StandingRoster,
  success,
} from './house.ts';

const certificate = (): Promise<SelfSigned> =>
  makeCertificate({ hosts: ['localhost', '127.0.0.1'], days: 3, now: new Date() });

interface Secure extends AsyncDisposable {
  readonly house: House;
  readonly pair: SelfSigned;
}

/** A server with a certificate of its own. */
async function openSecure(options: Partial<ServerSettings> = {}): Promise<Secure> {
  const pair = await certificate();
  const house = await openHouse({ tls: pair, ...options });
  return { house, pair, [Symbol.asyncDispose]: () => house[Symbol.asyncDispose]() };
}

interface Asked extends RequestOptions {
  readonly ca: string;
  readonly body?: string;
}

/** One call over HTTPS, as OMFLOW; on a connection of its own unless an agent is given. */
async function ask({ port }: House, path: string, { body = '', ...options }: Asked): Promise<Answer> {
  const headers = { authorization: OMFLOW, 'content-length': Buffer.byteLength(body) };
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false, ...options });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) };
}

/** A connection whose handshake is over. */
async function shakenHands({ port }: House, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Lets Node speak any TLS where nobody asks for better, as its options at the start may. */
function anyTls(): Disposable {
  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
  return { [Symbol.dispose]: () => void Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS }) };
}

const ALICE = '{"username":"alice","password":"correct horse"}';

suite('a server with a certificate', () => {
  test('speaks TLS 1.2 and 1.3, and asks for no certificate', async () => {
    await using secure = await openSecure();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const limits = { minVersion: version, maxVersion: version };
      const socket = await shakenHands(secure.house, { ca: secure.pair.cert, ...limits });
      assert.equal(socket.getProtocol(), version);
      assert.equal(socket.authorized, true);
      socket.destroy();
      assert.equal((await ask(secure.house, '/sync', { ca: secure.pair.cert, ...limits })).status, 200);
    }
    const place = `127.0.0.1:${secure.house.port}`;
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { stdout } = await runProgram('openssl', ['s_client', '-connect', place, '-msg', version]);
      assert.match(stdout, /Handshake .*, ServerHello/);
      assert.doesNotMatch(stdout, /CertificateRequest/);
    }
  });

  test('speaks nothing older, also once the certificate is another', async () => {
    using _ = anyTls();
    await using secure = await openSecure();
    const next = await certificate();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
    for (const ca of [secure.pair.cert, next.cert]) {
      await assert.rejects(shakenHands(secure.house, { ca, ...old }), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
      secure.house.server.secure(next);
    }
    const line = await secure.house.log.line(one => one['msg'] === 'a connection came to no TLS');
    assert.deepEqual([line['level'], line['why'], line['from']], [20, 'ERR_SSL_UNSUPPORTED_PROTOCOL', '127.0.0.1']);
  });

  test('serves with a certificate that an authority has signed', async () => {
    await using folder = await temporaryFolder();
    const files = await makeCertificates(folder.path);
    const [cert, key, ca] = [files.certFile, files.keyFile, files.caFile].map(file => readFileSync(file, 'utf8'));
    assert.ok(cert && key && ca);
    await using house = await openHouse({ tls: { cert, key } });
    assert.equal((await ask(house, '/sync', { ca })).status, 200);
    await assert.rejects(ask(house, '/sync', { ca: (await certificate()).cert }), { code: /^(UNABLE|SELF)/ });
  });

  test('checks logins, and logs who called', async () => {
    await using secure = await openSecure();
    const { house, pair } = secure;
    assertSucceeds(await ask(house, '/authenticate', { ca: pair.cert, body: ALICE }));
    const line = await house.log.line(one => one['path'] === '/authenticate');
    assert.deepEqual([line['from'], line['status']], ['127.0.0.1', 200]);
    const wrong = await ask(house, '/sync', { ca: pair.cert, headers: { authorization: 'Basic eDp5' } });
    assertFails(wrong, 401);
  });

  test('answers what is not HTTP as it does without one', async () => {
    await using secure = await openSecure({ limits: { linger: 50 } });
    const socket = await shakenHands(secure.house, { ca: secure.pair.cert });
    socket.write('hello\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.match(text, /^HTTP\/1\.1 400 /);
  });

  test('sends and takes bodies that are large, whole', async () => {
    const bytes = randomBytes(24 * 1024 * 1024 + 17);
    const roster = new StandingRoster();
    const service = {
      answer: async () => {
        const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) =>
          bytes.subarray(at * 65_536, (at + 1) * 65_536),
        );
        const content = { size: bytes.length, stream: Readable.from(pieces) };
        return { status: 'success' as const, body: { snapshot: snapshotNumber(41), whole: bytes.length, content } };
      },
      delivered: roster.delivered.bind(roster),
    };
    await using streamed = await openSecure({ roster: service });
    await using kept = await openSecure();
    kept.house.roster.current = success(bytes);
    for (const { house, pair } of [streamed, kept]) {
      const [one, other] = await Promise.all([
        ask(house, '/sync', { ca: pair.cert }),
        ask(house, '/sync', { ca: pair.cert }),
      ]);
      assert.ok(one.body.equals(bytes) && other.body.equals(bytes));
    }
    assert.deepEqual((await roster.nextDelivery()).finished, true);
    const long = `{"username":"alice","password":"${'x'.repeat(3000)}"}`;
    assertFails(await ask(kept.house, '/authenticate', { ca: kept.pair.cert, body: long }), 200);
  });
});

suite('a connection without TLS', () => {
  test('is closed and noted, and nobody else is the worse for it', async () => {
    await using secure = await openSecure();
    const { house, pair } = secure;
    const plain = plainRequest({ host: '127.0.0.1', port: house.port, path: '/sync', method: 'POST' }).end();
    await assert.rejects(once(plain, 'response'), { code: 'ECONNRESET' });
    const rubbish = connectPlain(house.port, '127.0.0.1').resume();
    rubbish.on('error', () => {}).write(randomBytes(2000));
    await once(rubbish, 'close');
    const line = await house.log.line(one => one['why'] === 'ERR_SSL_HTTP_REQUEST');
    assert.deepEqual([line['level'], line['from'], line['msg']], [20, '127.0.0.1', 'a connection came to no TLS']);
    assert.equal((await ask(house, '/sync', { ca: pair.cert })).status, 200);
    assert.deepEqual(
      house.log.lines.filter(one => Number(one['level']) > 20).map(one => one['status']),
      [200],
    );
  });

  test('that says nothing is closed after as long as headers may take', async () => {
    await using secure = await openSecure({ limits: { headersTimeout: 60, requestTimeout: 60, timeoutChecks: 20 } });
    const silent = connectPlain(secure.house.port, '127.0.0.1').resume();
    await once(silent, 'close');
    const line = await secure.house.log.line(one => one['msg'] === 'a connection came to no TLS');
    assert.equal(line['why'], 'ERR_TLS_HANDSHAKE_TIMEOUT');
  });

  test('does not hold up draining', async () => {
    const patient = { headersTimeout: 600_000, requestTimeout: 600_000 };
    await using secure = await openSecure({ limits: patient });
    const silent = connectPlain(secure.house.port, '127.0.0.1').resume();
    silent.on('error', () => {});
    await once(silent, 'connect');
    // By then the server has taken the one before, too.
    assert.equal((await ask(secure.house, '/sync', { ca: secure.pair.cert })).status, 200);
    await Promise.all([secure.house.server.drain(10_000), once(silent, 'close')]);
  });
});

suite('another certificate', () => {
  test('is shown to who connects from now on; who is connected stays', async () => {
    await using secure = await openSecure();
    const { house, pair } = secure;
    const next = await certificate();
    using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
      [Symbol.dispose]: () => agent.destroy(),
    });
    const old = { ca: pair.cert, agent };
    assert.equal((await ask(house, '/sync', old)).status, 200);
    house.server.secure(next);
    assert.equal((await ask(house, '/sync', old)).status, 200);
    await assert.rejects(ask(house, '/sync', { ca: pair.cert }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal((await ask(house, '/sync', { ca: next.cert, maxVersion })).status, 200);
    }
    assert.equal((await ask(house, '/sync', old)).status, 200);
  });

  test('does not break off an answer that is under way', async () => {
    const bytes = randomBytes(8 * 1024 * 1024);
    await using secure = await openSecure();
    secure.house.roster.current = success(bytes);
    const socket = await shakenHands(secure.house, { ca: secure.pair.cert });
    socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
    await once(socket, 'readable');
    secure.house.server.secure(await certificate());
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).subarray(-bytes.length).equals(bytes));
  });
});

suite('draining over HTTPS', () => {
  test('finishes what is under way, turns new calls away, and closes', async () => {
    const [asked, open, roster] = [gateway(), gateway(), new StandingRoster()];
    const service = {
      answer: async () => {
        asked.resolve();
        await open.promise;
        return roster.current;
      },
      delivered: roster.delivered.bind(roster),
    };
    await using secure = await openSecure({ roster: service });
    const { house, pair } = secure;
    const idle = await shakenHands(house, { ca: pair.cert });
    const underWay = ask(house, '/sync', { ca: pair.cert });
    await asked.promise;
    const drained = house.server.drain(10_000);
    assertFails(await ask(house, '/sync', { ca: pair.cert }), 503);
    open.resolve();
    assert.equal((await underWay).status, 200);
    await Promise.all([drained, once(idle.resume(), 'close')]);
    await assert.rejects(ask(house, '/sync', { ca: pair.cert }), { code: 'ECONNREFUSED' });
  });

  test('cuts off what takes longer', async () => {
    const asked = gateway();
    const service = {
      answer: () => {
        asked.resolve();
        return new Promise<never>(() => {});
      },
      delivered: () => {},
    };
    await using secure = await openSecure({ roster: service });
    const underWay = assert.rejects(ask(secure.house, '/sync', { ca: secure.pair.cert }), { code: 'ECONNRESET' });
    await asked.promise;
    await secure.house.server.drain(20);
    await underWay;
  });
});
