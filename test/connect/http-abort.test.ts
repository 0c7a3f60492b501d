import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { silentServer } from '../logins/listening.ts';
import { type Peer, startPeer } from '../support/http-peer.ts';
import { ask, newClient, until, whyNot } from './asking.ts';

suite('a signal', () => {
  const reason = new Error('the run was aborted');

  /** Aborts once `begun` holds, and reads what came of it: the reason itself, and a connection that is gone. */
  async function aborted(peer: Pick<Peer, 'connections' | 'url'>, begun: () => Promise<void>): Promise<void> {
    await using client = newClient();
    const abort = new AbortController();
    const answer = ask(client, peer.url, { signal: abort.signal });
    const failed = assert.rejects(answer, error => error === reason);
    await begun();
    abort.abort(reason);
    await failed;
    await until(() => peer.connections() === 0);
  }

  test('that is aborted already: nothing is sent', async () => {
    await using peer = await startPeer((_request, response) => response.end());
    await using client = newClient();
    const answer = ask(client, peer.url, { signal: AbortSignal.abort(reason) });
    await assert.rejects(answer, error => error === reason);
    assert.deepEqual([peer.requests.length, peer.opened], [0, 0]);
  });

  test('ends an exchange before the answer', async () => {
    await using peer = await startPeer(() => {});
    await aborted(peer, () => until(() => peer.requests.length === 1));
  });

  test('ends an exchange in the middle of the answer, inflated or not', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const begun = Promise.withResolvers<void>();
      await using peer = await startPeer((_request, response) => {
        response.setHeader('Content-Encoding', encoding).write(Buffer.from('1f8b0800', 'hex'), () => begun.resolve());
      });
      await aborted(peer, () => begun.promise);
    }
  });

  test('ends an exchange that has all of the answer, but not inflated yet', async () => {
    // 64 MiB in a few bytes, which arrive at once.
    const body = zstdCompressSync(Buffer.alloc(2 ** 26));
    await using peer = await startPeer((_request, response) => {
      response.setHeader('Content-Encoding', 'zstd').end(body);
    });
    await using client = newClient({ limit: 2 ** 27 });
    const abort = new AbortController();
    const failed = assert.rejects(ask(client, peer.url, { signal: abort.signal }), error => error === reason);
    await until(() => peer.requests.length === 1);
    await sleep(5);
    abort.abort(reason);
    await failed;
  });

  test('ends an exchange whose connection is still opening', async () => {
    await using server = await silentServer();
    const peer = { url: `https://127.0.0.1:${server.port}`, connections: () => server.open };
    await aborted(peer, () => until(() => server.open === 1));
  });

  test('may have any reason, even none that is an error', async () => {
    await using peer = await startPeer(() => {});
    await using client = newClient();
    for (const odd of [null, 0, 'enough']) {
      const abort = new AbortController();
      const answer = ask(client, peer.url, { signal: abort.signal }).then(
        () => assert.fail('answered'),
        (error: unknown) => error,
      );
      setImmediate(() => abort.abort(odd));
      assert.equal(await answer, odd);
    }
  });

  test('that aborts later does not break the connection for who uses it then', async () => {
    const waiting: ServerResponse[] = [];
    await using peer = await startPeer(
      ({ count }, response) => void (count === 1 ? response.end() : waiting.push(response)),
    );
    await using client = newClient();
    const abort = new AbortController();
    await ask(client, peer.url, { signal: abort.signal });
    const second = ask(client, peer.url);
    await until(() => waiting.length === 1);
    abort.abort(reason);
    await new Promise(setImmediate);
    waiting[0]?.end('second');
    assert.equal((await second).text, 'second');
    assert.equal(peer.opened, 1);
  });
});

suite('a client that is disposed of', () => {
  test('ends the exchanges there are, whatever they wait for, and begins none', async () => {
    await using peer = await startPeer(({ count }, response) => void (count === 1 && response.write('a')));
    await using handshake = await silentServer();
    const client = newClient();
    const told = Promise.all(
      [peer.url, peer.url, `https://127.0.0.1:${handshake.port}`].map(url => whyNot(ask(client, url))),
    );
    await until(() => peer.requests.length === 2 && handshake.open === 1);
    await client[Symbol.asyncDispose]();
    const givenUp = 'network: was given up with the client that asked it';
    assert.deepEqual(await told, [givenUp, givenUp, givenUp]);
    await until(() => peer.connections() === 0 && handshake.open === 0);
    assert.equal(await whyNot(ask(client, peer.url)), givenUp);
    await client[Symbol.asyncDispose]();
  });
});
