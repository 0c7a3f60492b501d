import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { suite, test } from 'node:test';
import { HttpError } from '../../src/connect/http.ts';
import { startPeer } from '../support/http-peer.ts';
import { ask, newClient, SECRET, until, whyNot } from './asking.ts';

suite('a request', () => {
  test('arrives as it was given, with nothing added but what HTTP needs', async () => {
    const raw: (readonly string[])[] = [];
    await using peer = await startPeer((_request, response) => {
      raw.push(response.req.rawHeaders);
      response.end();
    });
    await using client = newClient();
    const headers = [
      ['X-One', 'a'],
      ['x-two', ' b\t'],
      ['X-One', 'é'],
    ] as const;
    await ask(client, `${peer.url}/a%20b/吳`, { method: 'PUT', headers, body: '{"name":"吳"}' });
    const ours = ['host', `127.0.0.1:${peer.port}`, 'connection', 'keep-alive'];
    const theirs = ['X-One', 'a', 'x-two', 'b', 'X-One', 'é'];
    assert.deepEqual(raw[0], [...ours, ...theirs, 'accept-encoding', 'gzip, deflate, br', 'content-length', '14']);
    const [{ method, url, body } = assert.fail()] = peer.requests;
    assert.deepEqual([method, url, body], ['PUT', `/a%20b/%E5%90%B3?key=${SECRET}`, '{"name":"吳"}']);
  });

  test('without a body has none, and may say itself what encodings it takes', async () => {
    await using peer = await startPeer((_request, response) => response.end());
    await using client = newClient();
    const headers = [['ACCEPT-ENCODING', 'identity']] as const;
    await ask(client, peer.url, { method: 'GET', headers, body: undefined });
    await ask(client, peer.url, { method: 'POST', headers, body: undefined });
    const [get, post] = peer.requests;
    assert.deepEqual([get?.body, get?.headers['content-length']], ['', undefined]);
    assert.deepEqual([post?.body, post?.headers['content-length']], ['', '0']);
    assert.equal(get?.headers['accept-encoding'], 'identity');
  });

  test('that HTTP cannot carry is not sent; the error names the header and keeps the value to itself', async () => {
    await using peer = await startPeer((_request, response) => response.end());
    await using client = newClient();
    const sends = (name: string, value: string) => whyNot(ask(client, peer.url, { headers: [[name, value]] }));
    const unfit = (name: string) =>
      `garbled: cannot be asked: header "${name}" holds a line break, another control character or a letter beyond Latin-1`;
    for (const letter of ['\n', '\r', '\r\nX-Evil: 1', '\0', '\x7f', '吳', '\u0100', '😀']) {
      assert.equal(await sends('X-Key', `${SECRET}${letter}`), unfit('X-Key'));
    }
    assert.equal(await sends('X Key', 'a'), 'garbled: cannot be asked: "X Key" is no name of a header');
    assert.equal(await sends('', 'a'), 'garbled: cannot be asked: "" is no name of a header');
    assert.equal(await sends('Upgrade', SECRET), 'garbled: cannot be asked: invalid upgrade header');
    assert.equal(await sends('Expect', SECRET), 'garbled: cannot be asked: expect header not supported');
    const elsewhere = whyNot(ask(client, 'ftp://127.0.0.1/people'));
    assert.equal(await elsewhere, 'garbled: cannot be asked: "ftp:" is neither http: nor https:');
    assert.deepEqual(peer.requests, []);
  });
});

suite('an answer', () => {
  test('is given whatever its status, and no redirect is followed', async () => {
    await using peer = await startPeer(({ path }, response) => {
      response.writeHead(Number(path.slice(1)), {
        Location: '/200',
        'X-List': ['a', 'b'],
        'Set-Cookie': ['c=1', 'd=2'],
      });
      response.end(`said ${path}`);
    });
    await using client = newClient();
    for (const status of [200, 201, 301, 302, 404, 429, 500, 503]) {
      const answer = await ask(client, `${peer.url}/${status}`);
      assert.deepEqual([answer.status, answer.text], [status, `said /${status}`]);
      assert.equal(answer.headers.get('location'), '/200');
      assert.equal(answer.headers.get('x-list'), 'a, b');
      assert.equal(answer.headers.get('set-cookie'), 'c=1, d=2');
    }
    assert.equal(peer.requests.length, 8);
  });

  test('to HEAD, with 204 and with 304 has an empty text, whatever its headers promise', async () => {
    await using peer = await startPeer(({ path }, response) => {
      const headers = { 'Content-Encoding': 'gzip', ...(path === '/200' ? { 'Content-Length': '100' } : {}) };
      response.writeHead(Number(path.slice(1)), headers).end();
    });
    await using client = newClient();
    const head = await ask(client, `${peer.url}/200`, { method: 'HEAD', body: undefined });
    assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', '100']);
    for (const status of [204, 304]) assert.equal((await ask(client, `${peer.url}/${status}`)).text, '');
  });
});

suite('connections', () => {
  test('are kept: 2,000 exchanges need one, and none is left when the client is gone', async () => {
    await using peer = await startPeer(({ count }, response) => {
      response.setHeader('Keep-Alive', 'timeout=600').end(String(count));
    });
    {
      await using client = newClient();
      for (let count = 1; count <= 2000; count += 1) assert.equal((await ask(client, peer.url)).text, String(count));
      assert.equal(peer.connections(), 1);
      assert.equal(peer.opened, 1);
    }
    await until(() => peer.connections() === 0);
  });

  test('are as many as there are exchanges at once, and used again', async () => {
    const waiting: ServerResponse[] = [];
    await using peer = await startPeer((_request, response) => {
      waiting.push(response);
      if (waiting.length === 4) for (const one of waiting.splice(0)) one.end();
    });
    await using client = newClient();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 4 }, () => ask(client, peer.url)));
    }
    assert.equal(peer.opened, 4);
  });

  test('that the server does not keep are made anew', async () => {
    await using peer = await startPeer((_request, response) => response.setHeader('Connection', 'close').end('ok'));
    await using client = newClient();
    for (let round = 0; round < 5; round += 1) assert.equal((await ask(client, peer.url)).text, 'ok');
    assert.equal(peer.opened, 5);
  });

  test('that the server closed meanwhile cost one try at most', async () => {
    await using peer = await startPeer((_request, response) => response.end('ok'));
    await using client = newClient();
    const fetch = () => ask(client, peer.url, { method: 'GET', body: undefined });
    for (let round = 0; round < 20; round += 1) {
      assert.equal((await fetch()).text, 'ok');
      peer.drop();
      await until(() => peer.connections() === 0);
      const again = await fetch().catch((error: unknown) => error);
      if (again instanceof HttpError) assert.equal(again.kind, 'network');
      else assert.equal((again as { text: string }).text, 'ok');
    }
  });

  test('that wait, and exchanges that are over, keep no process alive', async () => {
    await using peer = await startPeer((_request, response) => response.end('ok'));
    await using client = newClient();
    const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const before = timers();
    for (let round = 0; round < 5; round += 1) await ask(client, peer.url);
    await assert.rejects(ask(client, peer.url, { headers: [['Upgrade', 'x']] }));
    assert.equal(timers(), before);
  });
});
