import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ask, assertFails, basic, CLIENTS, NEXT_TOKEN, OMFLOW, openHouse, TOKEN } from './house.ts';

const patient = { limits: { authFailures: { count: 1000, seconds: 60 } } };

test('both tokens of a rotation are let in', async () => {
  await using house = await openHouse();
  for (const token of [TOKEN, NEXT_TOKEN]) {
    assert.equal((await ask(house, '/sync', { as: basic('omflow', token) })).status, 200);
  }
  assert.equal((await ask(house, '/sync', { as: OMFLOW.replace('Basic', 'bAsIc  ') })).status, 200);
});

test('missing and wrong credentials are 401 and told how to come back', async () => {
  await using house = await openHouse(patient);
  const wrong = [
    '',
    'Basic',
    'Basic ',
    'Basic !!!',
    `Bearer ${TOKEN}`,
    basic('omflow', ''),
    basic('omflow', `${TOKEN} `),
    basic('omflow', TOKEN.slice(0, -1)),
    basic('Omflow', TOKEN),
    basic('', TOKEN),
    basic('nobody', TOKEN),
    basic('syncer', NEXT_TOKEN),
    `Basic ${Buffer.from('omflow').toString('base64')}`,
    basic('omflow', createHash('sha256').update(TOKEN).digest('hex')),
  ];
  for (const as of wrong) {
    for (const path of ['/sync', '/authenticate']) {
      const answer = await ask(house, path, { as });
      assert.equal(
        assertFails(answer, 401),
        'the name or token of the client (Basic auth) is missing or wrong',
        `${as} was not refused`,
      );
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="rosterd", charset="UTF-8"');
    }
  }
});

test('a token that is right may still not do everything', async () => {
  await using house = await openHouse();
  const message = assertFails(await ask(house, '/authenticate', { as: basic('syncer', TOKEN) }), 403);
  assert.equal(message, 'this client is not allowed to make this call; its scopes are in the configuration of rosterd');
  assertFails(await ask(house, '/sync', { as: basic('door', TOKEN) }), 403);
  assert.equal((await ask(house, '/sync', { as: basic('syncer', TOKEN) })).status, 200);
});

test('one token in two entries has the scopes of both', async () => {
  const [first, ...others] = CLIENTS;
  assert.ok(first);
  const clients = [{ ...first, scopes: ['authenticate' as const] }, { ...first, scopes: ['sync' as const] }, ...others];
  await using house = await openHouse({ clients });
  assert.equal((await ask(house, '/sync')).status, 200);
});

test('the eleventh failure in a minute is told to wait, but the right token passes', async () => {
  await using house = await openHouse();
  const fails = () => ask(house, '/sync', { as: basic('omflow', 'guess') });
  for (let count = 0; count < 10; count++) assertFails(await fails(), 401);
  for (let count = 0; count < 3; count++) {
    const answer = await fails();
    assert.equal(assertFails(answer, 429), 'too many calls with a missing or wrong token; try again later');
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60);
  }
  assertFails(await ask(house, '/authenticate', { as: '' }), 429);
  assert.equal((await ask(house, '/sync')).status, 200);
});

test('a client that sends its token only when asked for it never has to wait', async () => {
  await using house = await openHouse();
  for (let count = 0; count < 25; count++) {
    assertFails(await ask(house, '/sync', { as: '' }), 401);
    assert.equal((await ask(house, '/sync')).status, 200);
  }
});

test('neither the token nor its hash is logged, whether right or wrong', async () => {
  await using house = await openHouse();
  await ask(house, '/sync', { headers: { 'x-request-id': 'right' } });
  await ask(house, '/sync', { as: basic('omflow', 'the-wrong-one'), headers: { 'x-request-id': 'wrong' } });
  const wrong = await house.log.line(line => line['request_id'] === 'wrong');
  assert.deepEqual([wrong['client'], wrong['status']], ['', 401]);
  const secrets = [TOKEN, 'the-wrong-one', OMFLOW.slice(6), createHash('sha256').update(TOKEN).digest('hex')];
  for (const secret of secrets) assert.ok(!house.log.text.includes(secret));
});
