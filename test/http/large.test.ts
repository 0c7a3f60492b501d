import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { truncate } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SyncAnswer } from '../../src/http/roster.ts';
import { digestOf, snapshotNumber } from '../../src/roster/model.ts';
import { BodyDraft, BodyFile, type BodyPlace, bodyPath } from '../../src/runs/body-file.ts';
import { temporaryFolder } from '../support/folder.ts';
import { answersIn, ask, type House, OMFLOW, openHouse, readAll, StandingRoster, success } from './house.ts';

const MIB = 1024 * 1024;

/** A roster in a file, of which each caller has a stream. */
class FiledRoster extends StandingRoster {
  readonly file: BodyFile;

  constructor(file: BodyFile) {
    super();
    this.file = file;
  }

  override async answer(): Promise<SyncAnswer> {
    const { size } = this.file;
    const content = { size, stream: this.file.stream() };
    return { status: 'success', body: { snapshot: snapshotNumber(41), whole: size, content } };
  }
}

async function openFiled(bytes: Uint8Array) {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  const id = { number: snapshotNumber(41), digest: digestOf('ab'.repeat(32)), purged: '' };
  const place: BodyPlace = { folder: join(path, 'bodies'), id, encoding: 'identity' };
  const draft = stack.use(await BodyDraft.open(place));
  await draft.write(bytes);
  await draft.keep();
  const file = await BodyFile.open(place);
  assert.ok(file);
  const roster = new FiledRoster(stack.use(file));
  const house = stack.use(await openHouse({ roster }));
  const owned = stack.move();
  return { house, roster, path: bodyPath(place), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Asks, and takes nothing of the answer before it is resumed. */
async function askSlowly(house: House): Promise<Socket> {
  const socket = connect(house.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  await once(socket, 'connect');
  socket.write(`POST /sync HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: ${OMFLOW}\r\n\r\n`);
  return socket;
}

const wholeOf = async (socket: Socket) => answersIn(await readAll(socket))[0]?.body;

/** Bytes outside the heap: of buffers, and whatever is on its way to a socket. */
function outside(): number {
  const { external, arrayBuffers } = process.memoryUsage();
  return external + arrayBuffers;
}

/** Waits until nothing more moves: what is on its way has gone as far as it can. */
async function atRest(): Promise<void> {
  for (let calm = 0, last = -1; calm < 200; last = outside()) {
    await turn();
    calm = Math.abs(outside() - last) < MIB ? calm + 1 : 0;
  }
}

test('an answer that is too large for memory arrives whole', async () => {
  const bytes = randomBytes(3 * MIB + 17);
  await using filed = await openFiled(bytes);
  const answer = await ask(filed.house, '/sync');
  assert.equal(answer.headers['content-length'], String(bytes.length));
  assert.equal(answer.headers['transfer-encoding'], undefined);
  assert.ok(answer.body.equals(bytes));
  const sent = await filed.roster.nextDelivery();
  assert.deepEqual([sent.finished, sent.bytes], [true, bytes.length]);
});

test('a file that is damaged on the way breaks the answer off, and never ends it well', async () => {
  for (const left of [0, 2 * MIB]) {
    await using filed = await openFiled(randomBytes(3 * MIB));
    await truncate(filed.path, left);
    const answer = await ask(filed.house, '/sync').catch((error: Error) => error);
    assert.ok(answer instanceof Error, 'there was an answer');
    assert.equal((await filed.roster.nextDelivery()).finished, false);
  }
});

for (const where of ['memory', 'a file']) {
  test(`a hundred clients at once take no more memory than a few when the answer is in ${where}`, async () => {
    const bytes = randomBytes(4 * MIB);
    await using filed = await openFiled(bytes);
    await using memory = await openHouse();
    memory.roster.current = success(bytes);
    const house = where === 'memory' ? memory : filed.house;
    const before = outside();
    const clients = await Promise.all(Array.from({ length: 100 }, () => askSlowly(house)));
    await atRest();
    // What a client costs who takes nothing: a quarter of a MiB being sent, as much read ahead, counted twice.
    const most = 100 * 1.5 * MIB;
    assert.ok(outside() - before < most, `${(outside() - before) / MIB} MiB`);
    for (const client of clients) assert.ok((await wholeOf(client))?.equals(bytes));
  });

  test(`who takes nothing of an answer in ${where} holds up nobody, and draining no longer than it may last`, async () => {
    const bytes = randomBytes(32 * MIB);
    await using filed = await openFiled(bytes);
    await using memory = await openHouse();
    memory.roster.current = success(bytes);
    const house = where === 'memory' ? memory : filed.house;
    const roster = where === 'memory' ? memory.roster : filed.roster;
    const slow = await askSlowly(house);
    await atRest();
    for (let time = 0; time < 3; time += 1) {
      assert.ok((await ask(house, '/sync')).body.equals(bytes));
      assert.equal((await roster.nextDelivery()).finished, true);
    }
    await house.server.drain(20);
    assert.equal((await roster.nextDelivery()).finished, false);
    slow.destroy();
  });
}
