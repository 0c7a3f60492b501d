import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, assertFails, assertWellFormed, OMFLOW, openHouse, talk } from './house.ts';

test('an unknown path is 404, with and without credentials', async () => {
  await using house = await openHouse();
  for (const path of ['/', '/sync/more', '/synch', '/Sync', '/%73ync', '/?/sync', '/%zz', '/.', '/authenticate/x']) {
    const message = assertFails(await ask(house, path), 404);
    assert.equal(message, 'there is nothing here; the calls are POST /sync and POST /authenticate');
  }
  assertFails(await ask(house, '/nothing', { as: '', method: 'GET' }), 404);
  assertFails(await ask(house, '*', { method: 'OPTIONS' }), 404);
});

test('a method other than POST is 405 and names POST', async () => {
  await using house = await openHouse();
  for (const path of ['/sync', '/authenticate', '//sync/']) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']) {
      const answer = await ask(house, path, { method });
      assert.equal(assertFails(answer, 405), 'this call is made with POST');
      assert.equal(answer.headers.allow, 'POST');
    }
  }
});

test('HEAD is 405 with the length of a body that is not sent', async () => {
  await using house = await openHouse();
  const get = await ask(house, '/sync', { method: 'GET' });
  const head = await ask(house, '/sync', { method: 'HEAD' });
  assert.equal(head.status, 405);
  assert.equal(head.headers.allow, 'POST');
  assert.equal(head.body.length, 0);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal(head.headers['content-type'], 'application/json; charset=utf-8');
});

test('surplus slashes, a query and an absolute URL do not matter', async () => {
  await using house = await openHouse();
  for (const path of [
    '/sync',
    '/sync/',
    '//sync',
    '///sync//',
    '/sync?x=1',
    '//sync/?x=/nothing',
    'http://any.where/sync',
  ]) {
    const answer = await ask(house, path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers['x-roster-snapshot'], '41');
  }
});

test('a well-formed request id is kept, any other is replaced', async () => {
  await using house = await openHouse();
  const idFor = async (given: string) =>
    (await ask(house, '/sync', { headers: { 'x-request-id': given } })).headers['x-request-id'];
  assert.equal(await idFor('run-7.A_b'), 'run-7.A_b');
  assert.equal(await idFor('x'.repeat(64)), 'x'.repeat(64));
  for (const bad of ['x'.repeat(65), 'two words', 'a,b', '', 'é']) {
    assert.match(String(await idFor(bad)), /^[0-9a-f-]{36}$/, bad);
  }
});

test('until it is ready, every call is told to come back', async () => {
  await using house = await openHouse({ ready: false });
  for (const path of ['/sync', '/authenticate', '/nothing']) {
    const answer = await ask(house, path, { as: '' });
    assert.equal(assertFails(answer, 503), 'rosterd is starting; try again in a few seconds');
    assert.equal(answer.headers['retry-after'], '5');
  }
  house.server.ready();
  assert.equal((await ask(house, '/sync')).status, 200);
});

test('HTTP/1.1 without a Host is 400; HTTP/1.0 needs none', async () => {
  await using house = await openHouse();
  const [answer] = await talk(house, `POST /sync HTTP/1.1\r\nAuthorization: ${OMFLOW}\r\nConnection: close\r\n\r\n`);
  assert.equal(assertFails(answer, 400), 'the request is not well-formed HTTP');
  const [old] = await talk(house, `POST /sync HTTP/1.0\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  assert.equal(old?.status, 200);
});

test('a bug is a 500 whose incident leads to the log and tells nothing else', async () => {
  const secret = "SELECT * FROM staff WHERE name = 'x' at db.internal:3306 /srv/app/secret.ts";
  const failing = {
    answer: () => Promise.reject(Object.assign(new Error(secret), { sql: 'only here' })),
    delivered() {},
  };
  await using house = await openHouse({ roster: failing });
  const answer = await ask(house, '/sync');
  const message = assertFails(answer, 500);
  const incident = /^rosterd has failed; its log tells more under incident ([0-9a-f-]{36})$/.exec(message)?.[1];
  const line = await house.log.line(one => one['incident'] === incident);
  assert.equal(line['request_id'], answer.headers['x-request-id']);
  assert.match(JSON.stringify(line['error']), /SELECT/);
  assert.doesNotMatch(house.log.text, /only here/);
  const odd = { check: () => Promise.reject('a string'), asked: [] };
  await using other = await openHouse({ login: odd });
  assertFails(await ask(other, '/authenticate', { body: '{"username":"a","password":"b"}' }), 500);
});

test('one line is logged for a call: nothing from its headers, body or query', async () => {
  await using house = await openHouse();
  const headers = { 'x-request-id': 'r1', cookie: 'crumbs', 'user-agent': 'somebody' };
  await ask(house, '/authenticate?q=asked', { body: '{"username":"alice","password":"hunter2"}', headers });
  const line = await house.log.line(one => one['request_id'] === 'r1');
  assert.deepEqual(Object.keys(line).slice(4), [
    'request_id',
    'client',
    'from',
    'method',
    'path',
    'status',
    'ms',
    'msg',
  ]);
  assert.deepEqual(
    [line['client'], line['method'], line['path'], line['status'], line['msg']],
    ['omflow', 'POST', '/authenticate', 200, 'answered'],
  );
  assert.equal(house.log.lines.length, 1);
  assert.doesNotMatch(house.log.text, /hunter2|alice|crumbs|somebody|asked|sha256|Basic/);
});

test('a long path is cut in the log', async () => {
  await using house = await openHouse();
  await ask(house, `/${'x'.repeat(5000)}`);
  const line = await house.log.line(one => one['status'] === 404);
  assert.equal(line['path'], `/${'x'.repeat(127)}`);
});

test('language is that of the configuration', async () => {
  await using house = await openHouse({ language: 'zh-TW' });
  assert.match(assertFails(await ask(house, '/nothing'), 404), /此處沒有內容/);
  const [raw] = await talk(house, 'no http\r\n\r\n');
  assert.equal(assertFails(raw, 400), '此請求不是格式正確的 HTTP');
});

test('it listens on a unix socket, also where a killed one left its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'http-'));
  const path = join(folder, 'socket');
  await leaveSocketAt(path);
  {
    await using house = await openHouse({ listen: `unix:${path}` });
    assert.equal(house.server.address, `unix:${path}`);
    assert.equal(await statusAt(path), 200);
    await assert.rejects(openHouse({ listen: `unix:${path}` }), { code: 'EADDRINUSE' });
  }
  await rm(folder, { recursive: true });
});

/** Closing a server removes its socket, so the socket is made under another name and moved. */
async function leaveSocketAt(path: string): Promise<void> {
  const { rename } = await import('node:fs/promises');
  const server = createServer();
  await new Promise<void>(resolve => server.listen(`${path}.old`, resolve));
  await rename(`${path}.old`, path);
  await new Promise<unknown>(resolve => server.close(resolve));
}

const statusAt = (socketPath: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: OMFLOW };
    const outgoing = request({ socketPath, path: '/sync', method: 'POST', headers, agent: false }, incoming => {
      incoming.resume();
      resolve(incoming.statusCode);
    });
    outgoing.on('error', reject).end();
  });

test('an address that is taken is refused at the start', async () => {
  await using house = await openHouse();
  await assert.rejects(openHouse({ listen: house.server.address }), { code: 'EADDRINUSE' });
  assertWellFormed(await ask(house, '/sync'));
});
