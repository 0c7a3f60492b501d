import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answersIn, ask, assertFails, gateway, OMFLOW, openHouse, readAll, StandingRoster, talk } from './house.ts';

const SYNC = `POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n`;
const LOGIN = SYNC.replace('/sync', '/authenticate');
const ALICE = '{"username":"alice","password":"correct horse"}';

test('what is not HTTP is 400 and ends the connection', async () => {
  await using house = await openHouse({ limits: { linger: 50 } });
  const bad = [
    'hello\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001',
    'POST /sync\r\n\r\n',
    'POST /sync HTTP/3.7\r\n\r\n',
    'POST  /sync HTTP/1.1\r\n\r\n',
    'BREW /sync HTTP/1.1\r\nHost: h\r\n\r\n',
    'POST /sy nc HTTP/1.1\r\nHost: h\r\n\r\n',
    `${SYNC}No colon\r\n\r\n`,
    `${SYNC}Bad\u0000Name: x\r\n\r\n`,
    `${SYNC}Content-Length: -1\r\n\r\n`,
    `${SYNC}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    `${SYNC}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${SYNC}Transfer-Encoding: sideways\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  for (const bytes of bad) {
    const answers = await talk(house, bytes);
    assert.equal(answers.length, 1, bytes);
    assert.equal(assertFails(answers[0], 400, bytes), 'the request is not well-formed HTTP');
    assert.equal(answers[0]?.headers.connection, 'close');
  }
  const line = await house.log.line(one => one['status'] === 400);
  assert.ok(line['request_id']);
});

test('headers over 16 KiB are 431, also a path that long', async () => {
  await using house = await openHouse();
  for (const bytes of [
    `${SYNC}X: ${'x'.repeat(17_000)}\r\n\r\n`,
    `POST /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
  ]) {
    const [answer] = await talk(house, bytes);
    assert.equal(assertFails(answer, 431), 'the request headers are too long');
    assert.equal(answer?.headers.connection, 'close');
  }
});

test('headers that do not end in time are 408', async () => {
  await using house = await openHouse({ limits: { headersTimeout: 60, requestTimeout: 60, timeoutChecks: 20 } });
  for (const bytes of ['', 'POST /sy', SYNC]) {
    const [answer] = await talk(house, bytes);
    assert.equal(assertFails(answer, 408), 'the request took too long to arrive');
    assert.equal(answer?.headers.connection, 'close');
  }
});

test('a body that does not end in time is 408, and is logged once', async () => {
  await using house = await openHouse({
    limits: { headersTimeout: 60, requestTimeout: 60, timeoutChecks: 20, linger: 50 },
  });
  const answers = await talk(house, `${LOGIN}X-Request-Id: slow\r\nContent-Length: 50\r\n\r\n{"user`);
  assert.equal(answers.length, 1);
  assertFails(answers[0], 408);
  assert.equal(answers[0]?.headers['x-request-id'], 'slow');
  const line = await house.log.line(one => one['status'] === 408);
  assert.deepEqual([line['client'], line['path']], ['omflow', '/authenticate']);
  assert.equal(house.log.lines.length, 1);
});

test('a body that breaks its own framing is 400, or 413 where that is too long', async () => {
  await using house = await openHouse({ limits: { linger: 50 } });
  const answers = await talk(house, `${LOGIN}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnot a size\r\n`);
  assert.equal(answers.length, 1);
  assert.equal(assertFails(answers[0], 400), 'the request is not well-formed HTTP');
  const [long] = await talk(house, `${LOGIN}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\n`);
  assertFails(long, 413);
});

test('a body may come in pieces, cut anywhere', async () => {
  await using house = await openHouse();
  const socket = connect(house.port, '127.0.0.1').setNoDelay(true);
  const body = Buffer.from('{"username":"王小明","password":"pässword✓"}');
  const bytes = Buffer.concat([
    Buffer.from(`${LOGIN}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
  const answer = readAll(socket);
  for (const byte of bytes) await new Promise<void>(sent => socket.write(Buffer.of(byte), () => sent()));
  assert.equal(answersIn(await answer)[0]?.body.toString(), '{"status":"success"}');
});

test('pipelined calls are answered in order, the broken one last', async () => {
  const [first, roster] = [gateway(), new StandingRoster()];
  const slow = {
    answer: async () => {
      await first.promise;
      return roster.current;
    },
    delivered: roster.delivered.bind(roster),
  };
  await using house = await openHouse({ roster: slow });
  const login = `${LOGIN}Content-Length: ${ALICE.length}\r\n\r\n${ALICE}`;
  const answers = talk(house, `${SYNC}\r\n${login}POST /nothing HTTP/1.1\r\nHost: h\r\n\r\nrubbish\r\n\r\n`);
  // By then the call behind the waiting one has been read, and the rubbish came in the same packet.
  await house.login.called;
  first.resolve();
  assert.deepEqual(
    (await answers).map(answer => answer.status),
    [200, 200, 404, 400],
  );
});

test('a client that is still sending a body that is too large gets its 413', async () => {
  await using house = await openHouse();
  for (const framing of ['Content-Length: 8000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n7a1200\r\n']) {
    const answers = await talk(house, `${LOGIN}${framing}`, Buffer.alloc(8_000_000, 'x'), '\r\n0\r\n\r\n');
    assert.equal(assertFails(answers[0], 413), 'the request body is larger than 16 KiB');
    assert.equal(answers[0]?.headers.connection, 'close');
  }
});

test('a client that goes on sending rubbish gets its 400', async () => {
  await using house = await openHouse();
  const answers = await talk(house, 'rubbish\r\n\r\n', Buffer.alloc(8_000_000, 'x'));
  assert.equal(answers.length, 1);
  assertFails(answers[0], 400);
});

test('whoever never stops sending is cut off', async () => {
  await using house = await openHouse({ limits: { linger: 50 } });
  for (const [start, status] of [
    [`${LOGIN}Transfer-Encoding: chunked\r\n\r\nfffffff\r\n`, 413],
    ['rubbish\r\n\r\n', 400],
  ] as const) {
    const socket = connect({ port: house.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    socket.write(start);
    const timer = setInterval(() => socket.write('x'.repeat(1000)), 1);
    const [chunk] = await once(socket, 'data');
    assertFails(answersIn(chunk)[0], status);
    await new Promise<unknown>(closed => socket.once('close', closed));
    clearInterval(timer);
  }
});

test('a refused call with its body still under way is answered at once', async () => {
  await using house = await openHouse({ limits: { linger: 50 } });
  const outside = LOGIN.replace(OMFLOW, 'Basic bm9ib2R5Og==');
  const [answer] = await talk(house, `${outside}Content-Length: 100\r\n\r\nonly a part`);
  assertFails(answer, 401);
  assert.equal(answer?.headers.connection, 'close');
});

test('who asks before sending a body is told to go on only when it will be read', async () => {
  await using house = await openHouse({ limits: { linger: 50 } });
  const expect = 'Expect: 100-continue\r\nConnection: close\r\n';
  const good = await talk(house, `${LOGIN}${expect}Content-Length: ${ALICE.length}\r\n\r\n`, ALICE);
  assert.deepEqual(
    good.map(answer => answer.status),
    [100, 200],
  );
  const large = await talk(house, `${LOGIN}${expect}Content-Length: 16385\r\n\r\n`);
  assert.equal(large.length, 1);
  assertFails(large[0], 413);
  const outside = await talk(house, `${LOGIN.replace(OMFLOW, '')}${expect}Content-Length: 5\r\n\r\n`);
  assert.equal(outside.length, 1);
  assertFails(outside[0], 401);
  const odd = await talk(house, `${SYNC}Expect: a-miracle\r\nConnection: close\r\n\r\n`);
  assert.equal(odd[0]?.status, 200);
});

test('CONNECT is 405, in its turn', async () => {
  await using house = await openHouse();
  const answers = await talk(house, `${SYNC}\r\nCONNECT db:3306 HTTP/1.1\r\nHost: db:3306\r\nX-Request-Id: c1\r\n\r\n`);
  assert.equal(answers[0]?.status, 200);
  assert.equal(assertFails(answers[1], 405), 'this call is made with POST');
  assert.equal(answers[1]?.headers.allow, 'POST');
  assert.equal(answers[1]?.headers['x-request-id'], 'c1');
  assert.equal((await house.log.line(line => line['request_id'] === 'c1'))['method'], 'CONNECT');
});

test('an offer to upgrade is not taken', async () => {
  await using house = await openHouse();
  const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  const [answer] = await talk(house, `${SYNC}${upgrade}`);
  assert.equal(answer?.status, 200);
  const [get] = await talk(house, `GET /chat HTTP/1.1\r\nHost: h\r\n${upgrade}`);
  assertFails(get, 404);
});

test('a client that vanishes in the middle of anything harms nobody', async () => {
  await using house = await openHouse();
  const zipped = gzipSync(ALICE);
  for (const bytes of ['', 'POST', SYNC, `${LOGIN}Content-Length: 9\r\n\r\n{`, `${SYNC}\r\n${SYNC}\r\n`]) {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect(house.port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(bytes, () => socket[leave]());
      socket.resume();
      await once(socket, 'close');
    }
  }
  const socket = connect(house.port, '127.0.0.1');
  socket.write(`${LOGIN}Content-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`);
  socket.write(zipped.subarray(0, 12), () => socket.resetAndDestroy());
  await once(socket, 'close');
  assert.equal((await ask(house, '/sync')).status, 200);
  assert.ok(house.log.lines.every(line => Number(line['level']) <= 30));
});
