import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { ask, assertFails, assertWellFormed, gateway, OMFLOW, openHouse, StandingRoster, success } from './house.ts';

test('the bytes of the snapshot are sent as they are', async () => {
  await using house = await openHouse();
  const shared = Buffer.from('xx{"status":"success","user_info_list":[],"group_info_list":[]}xx');
  house.roster.current = success(new Uint8Array(shared.buffer, shared.byteOffset + 2, shared.length - 4));
  const answer = await ask(house, '/sync');
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(assertWellFormed(answer)), ['status', 'user_info_list', 'group_info_list']);
  assert.equal(answer.headers['x-roster-snapshot'], '41');
  assert.equal(answer.headers['transfer-encoding'], undefined);
});

test('it is compressed for whoever says that they take it so, and for nobody else', async () => {
  await using house = await openHouse();
  const body = `{"status":"success","user_info_list":[],"group_info_list":["${'林'.repeat(5000)}"]}`;
  house.roster.current = success(body);
  for (const [accepted, isCompressed] of [
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['br;q=1, gzip;q=0.1', true],
    ['*', false],
    ['identity', false],
    ['gzip;q=0', false],
    ['identity;q=0.5, gzip;q=0.1', false],
    [undefined, false],
  ] as const) {
    const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
    const answer = await ask(house, '/sync', { headers });
    assert.equal(answer.headers['content-encoding'], isCompressed ? 'gzip' : undefined, accepted);
    assert.equal(answer.headers['content-length'], String(answer.body.length));
    assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.equal((isCompressed ? gunzipSync(answer.body) : answer.body).toString(), body);
  }
});

test('any body is ignored', async () => {
  await using house = await openHouse();
  const bodies = ['', '{}', 'a=b&a=b', '{"broken', Buffer.from([0xff, 0, 0xfe]), 'x'.repeat(16 * 1024)];
  for (const body of bodies) {
    for (const type of ['', 'application/json', 'application/x-www-form-urlencoded', 'nonsense;;']) {
      for (const encoding of ['identity', 'gzip', 'br', 'unheard-of']) {
        const headers = { 'content-type': type, 'content-encoding': encoding };
        assert.equal((await ask(house, '/sync', { body, headers })).status, 200);
      }
    }
  }
});

test('a body over 16 KiB is 413, announced or not', async () => {
  await using house = await openHouse();
  const body = 'x'.repeat(16 * 1024 + 1);
  const announced = await ask(house, '/sync', { body });
  assert.equal(assertFails(announced, 413), 'the request body is larger than 16 KiB');
  const chunked = await ask(house, '/sync', { body, chunked: true });
  assertFails(chunked, 413);
  assert.equal(house.roster.deliveries.length, 0);
});

test('a delivery is recorded when its last byte is out', async () => {
  const at = new Date('2026-03-01T08:15:00Z');
  await using house = await openHouse({ now: () => at });
  const answer = await ask(house, '/sync', { headers: { 'x-request-id': 'r7' } });
  assert.deepEqual(await house.roster.nextDelivery(), {
    snapshot: 41,
    client: 'omflow',
    requestId: 'r7',
    at,
    finished: true,
    bytes: answer.body.length,
  });
});

test('a download that breaks off is recorded as such', async () => {
  await using house = await openHouse();
  house.roster.current = success(new Uint8Array(64 * 1024 * 1024));
  const socket = connect(house.port, '127.0.0.1');
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  socket.once('data', () => socket.resetAndDestroy());
  const sent = await house.roster.nextDelivery();
  assert.deepEqual([sent.finished, sent.bytes, sent.client], [false, 64 * 1024 * 1024, 'omflow']);
  const line = await house.log.line(one => one['path'] === '/sync');
  assert.deepEqual([line['msg'], line['status']], ['client went away', 200]);
});

test('a client that leaves before the answer is logged without a status', async () => {
  const [asked, open] = [gateway(), gateway()];
  const roster = new StandingRoster();
  const slow = {
    answer: async () => {
      asked.resolve();
      await open.promise;
      return roster.current;
    },
    delivered: roster.delivered.bind(roster),
  };
  await using house = await openHouse({ roster: slow });
  const socket = connect(house.port, '127.0.0.1');
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  await asked.promise;
  socket.destroy();
  const line = await house.log.line(one => one['path'] === '/sync');
  assert.deepEqual([line['msg'], line['status']], ['client went away', undefined]);
  open.resolve();
  assert.equal((await roster.nextDelivery()).finished, false);
});

test('an answer that nobody reads is cut off after the idle time', async () => {
  await using house = await openHouse({ limits: { idleTimeout: 100 } });
  house.roster.current = success(new Uint8Array(64 * 1024 * 1024));
  const socket = connect(house.port, '127.0.0.1').on('error', () => undefined);
  socket.pause();
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  assert.equal((await house.roster.nextDelivery()).finished, false);
  socket.destroy();
});

test('a delivery that cannot be recorded is logged, and the answer stands', async () => {
  const roster = new StandingRoster();
  const forgetful = {
    answer: () => roster.answer(),
    delivered() {
      throw new Error('no room left');
    },
  };
  await using house = await openHouse({ roster: forgetful });
  assert.equal((await ask(house, '/sync', { headers: { 'x-request-id': 'r9' } })).status, 200);
  const line = await house.log.line(one => one['msg'] === 'a delivery was not recorded');
  assert.equal(line['request_id'], 'r9');
});

test('a large roster arrives whole, for many at once', async () => {
  await using house = await openHouse();
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'rosterd ');
  house.roster.current = success(bytes);
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask(house, '/sync')));
  for (const answer of answers) assert.ok(answer.body.equals(bytes));
});

test('why there is no roster is a 200 that says fail', async () => {
  await using house = await openHouse();
  const changes = { ...NO_CHANGES, people_removed: 412 };
  house.roster.current = {
    status: 'fail',
    refusal: { reason: 'held', hold: 7, changes, why: '412 of 3,000 people would be removed' },
  };
  const answer = await ask(house, '/sync');
  assert.equal(
    assertFails(answer, 200),
    "Hold 7 waits for an administrator's decision (people +0 ~0 -412, departments +0 ~0 -0). " +
      'Run `rosterd review 7` on the server of rosterd. ' +
      'Reason: 412 of 3,000 people would be removed',
  );
  assert.equal(answer.headers['x-roster-snapshot'], undefined);
  assert.equal(house.roster.deliveries.length, 0);
});
