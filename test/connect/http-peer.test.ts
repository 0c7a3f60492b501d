import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startPeer } from '../support/http-peer.ts';
import { ask, newClient, until } from './asking.ts';

suite('an HTTP peer', () => {
  test('tells its handler, and the test, what it was asked', async () => {
    await using peer = await startPeer(({ path, query, body, count }, response) => {
      response.end(JSON.stringify([path, query.get('page'), body, count]));
    });
    await using client = newClient();
    const signal = AbortSignal.timeout(10_000);
    const url = new URL(`${peer.origin}/people?page=2`);
    const request = { method: 'POST', url, headers: [['X-Key', 'k']] as const, body: '吳' };
    for (const count of [1, 2]) {
      const { text } = await client.exchange(request, signal);
      assert.deepEqual(JSON.parse(text), ['/people', '2', '吳', count]);
    }
    const asked = peer.requests.map(({ method, url, headers, body }) => [method, url, headers['x-key'], body]);
    assert.deepEqual(asked, Array(2).fill(['POST', '/people?page=2', 'k', '吳']));
  });

  test('ends with the first thing its handler threw, which its client saw as a 500', async () => {
    const wrong = new assert.AssertionError({ message: 'unexpected question' });
    const peer = await startPeer(() => {
      throw wrong;
    });
    await using client = newClient();
    const { status, text } = await ask(client, peer.url);
    assert.equal(status, 500);
    assert.match(text, /unexpected question/);
    await assert.rejects(async () => await peer[Symbol.asyncDispose](), wrong);
  });

  test('breaks its connections when it ends', async () => {
    await using client = newClient();
    let peer: Awaited<ReturnType<typeof startPeer>>;
    {
      await using mortal = await startPeer((_request, response) => response.end());
      peer = mortal;
      await ask(client, mortal.url);
      assert.equal(mortal.connections(), 1);
    }
    await until(() => peer.connections() === 0);
  });
});
