import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answersIn, ask, assertFails, gateway, OMFLOW, openHouse, readAll, StandingRoster } from './house.ts';

/** A roster that is asked and then keeps its caller waiting. */
function waitingRoster() {
  const [asked, open, roster] = [gateway(), gateway(), new StandingRoster()];
  const service = {
    answer: async () => {
      asked.resolve();
      await open.promise;
      return roster.current;
    },
    delivered: roster.delivered.bind(roster),
  };
  return { asked, open, roster, service };
}

test('draining finishes what is under way and turns new calls away', async () => {
  const { asked, open, roster, service } = waitingRoster();
  await using house = await openHouse({ roster: service });
  const underWay = ask(house, '/sync');
  await asked.promise;
  const drained = house.server.drain(10_000);
  const late = await ask(house, '/sync');
  assert.equal(assertFails(late, 503), 'rosterd is stopping; try again in a few seconds');
  assert.equal(late.headers['retry-after'], '5');
  assert.equal(late.headers.connection, 'close');
  open.resolve();
  assert.equal((await underWay).status, 200);
  await drained;
  assert.equal((await roster.nextDelivery()).finished, true);
  await assert.rejects(ask(house, '/sync'), { code: 'ECONNREFUSED' });
});

test('what has arrived when draining begins is answered, and not cut off', async () => {
  await using house = await openHouse();
  const asking = Array.from({ length: 20 }, async () => {
    const socket = connect(house.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
    return socket;
  });
  const sockets = await Promise.all(asking);
  const drained = house.server.drain(10_000);
  const answers = await Promise.all(sockets.map(async socket => answersIn(await readAll(socket))));
  await drained;
  assert.deepEqual(
    answers.map(([answer]) => [answer?.status, answer?.headers['connection']]),
    sockets.map(() => [503, 'close']),
  );
});

test('who has connected and is slow with their call is waited for a little', async () => {
  await using house = await openHouse();
  const socket = connect(house.port, '127.0.0.1');
  await once(socket, 'connect');
  const drained = house.server.drain(10_000);
  // Longer than what has arrived is waited for, as a handshake of TLS over a slow line may take.
  await sleep(300);
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  const [answer] = answersIn(await readAll(socket));
  assertFails(answer, 503);
  await drained;
});

test('an answer that was under way says that the connection ends with it', async () => {
  const { asked, open, service } = waitingRoster();
  await using house = await openHouse({ roster: service });
  const underWay = ask(house, '/sync', { headers: { connection: 'keep-alive' } });
  await asked.promise;
  const drained = house.server.drain(10_000);
  open.resolve();
  assert.equal((await underWay).headers.connection, 'close');
  await drained;
});

test('draining waits no longer than it is told to', async () => {
  const { asked, service } = waitingRoster();
  await using house = await openHouse({ roster: service });
  const underWay = assert.rejects(ask(house, '/sync'), { code: 'ECONNRESET' });
  await asked.promise;
  await house.server.drain(20);
  await underWay;
});

test('idle connections do not hold it up, and closing twice is closing once', async () => {
  await using house = await openHouse();
  const socket = connect(house.port, '127.0.0.1');
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  await once(socket, 'data');
  socket.resume();
  await Promise.all([house.server.drain(10_000), house.server.drain(10_000), once(socket, 'close')]);
  await house.server[Symbol.asyncDispose]();
});

test('disposing cuts off whatever is under way', async () => {
  const { asked, service } = waitingRoster();
  const house = await openHouse({ roster: service });
  const underWay = assert.rejects(ask(house, '/sync'), { code: 'ECONNRESET' });
  await asked.promise;
  await house[Symbol.asyncDispose]();
  await underWay;
});
