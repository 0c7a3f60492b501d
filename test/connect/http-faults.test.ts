import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { HttpSettings } from '../../src/connect/http.ts';
import { listening, silentServer } from '../logins/listening.ts';
import { type Cut, startFaultProxy } from '../support/fault-proxy.ts';
import { type Peer, startPeer } from '../support/http-peer.ts';
import { freePort } from '../support/port.ts';
import { ask, newClient, SECRET, until, whyNot } from './asking.ts';

const CLOSED = 'network: closed the connection before the answer was complete';
const BROKEN = 'network: broke the connection (ECONNRESET)';

/** A peer that says `text` as it stands, and then does with the connection what `end` does. */
function saying(text: string, end: (socket: Socket) => void = () => {}): Promise<Peer> {
  return startPeer((_request, response) => {
    const { socket } = response;
    if (socket) socket.write(text, 'latin1', () => end(socket));
  });
}

const ends: Readonly<Record<Cut, (socket: Socket) => void>> = {
  fin: socket => socket.end(),
  // What was said is to be read before the reset, which would overtake it.
  rst: socket => setTimeout(() => socket.resetAndDestroy(), 50),
};

/** What a client with such settings makes of a peer. */
async function why(peer: { readonly url: string }, settings: Partial<HttpSettings> = {}): Promise<string> {
  await using client = newClient(settings);
  return await whyNot(ask(client, peer.url));
}

suite('a connection that ends in the middle of an answer', () => {
  const parts: Readonly<Record<string, string>> = {
    'of which nothing came': '',
    'in its headers': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-',
    'with a length and no body yet': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'with a length, a byte short': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[{},',
    'with a length, and meant to be closed': 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n[{},',
    'in chunks, before one': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n',
    'in chunks, within one': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[]',
    'in chunks, within the last': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n',
    'in chunks, and meant to be closed':
      'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n',
  };
  for (const [what, text] of Object.entries(parts)) {
    test(what, async () => {
      for (const how of ['fin', 'rst'] as const) {
        await using peer = await saying(text, ends[how]);
        const expected = how === 'rst' && !text.includes('close') ? [BROKEN] : [CLOSED, BROKEN];
        const told = await why(peer);
        assert.ok((how === 'fin' ? [CLOSED] : expected).includes(told), `${how}: ${told}`);
      }
    });
  }

  test('of unknown length: a reset is no end of it, a close is', async () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[1]';
    await using reset = await saying(text, ends.rst);
    assert.equal(await why(reset), BROKEN);
    await using closed = await saying(text, ends.fin);
    await using client = newClient();
    assert.equal((await ask(client, closed.url)).text, '[1]');
  });

  test('at any byte of it', async () => {
    const body = gzipSync(JSON.stringify(Array.from({ length: 50 }, (_, index) => ({ email: `p${index}@a.example` }))));
    await using peer = await startPeer((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': body.length }).end(body);
    });
    await using proxy = await startFaultProxy({ host: '127.0.0.1', port: peer.port });
    await using client = newClient();
    const url = proxy.through(`${peer.url}/`);
    const whole = await ask(client, url);
    assert.equal(JSON.parse(whole.text).length, 50);
    for (const how of ['fin', 'rst'] as const) {
      let cut = 0;
      for (let bytes = 0; bytes < body.length + 120; bytes += 23) {
        proxy.cutAfter(bytes, how);
        await using other = newClient();
        const answer = await ask(other, url).catch(() => undefined);
        assert.ok(answer === undefined || answer.text === whole.text, `${how} after ${bytes} bytes: ${answer?.text}`);
        cut += answer === undefined ? 1 : 0;
      }
      assert.ok(cut >= body.length / 23, `only ${cut} were cut`);
      proxy.cutAfter(100 + body.length / 2, how);
      await using other = newClient();
      assert.ok([CLOSED, BROKEN].includes(await whyNot(ask(other, url))));
    }
  });
});

suite('a server', () => {
  test('that is not there', async () => {
    const nobody = { url: `http://127.0.0.1:${await freePort()}` };
    const refuses = 'network: refuses connections; is it running, and is the port right? (ECONNREFUSED)';
    assert.equal(await why(nobody), refuses);
    assert.equal(await why({ url: nobody.url.replace('127.0.0.1', 'localhost') }), refuses);
  });

  test('that speaks something else', async () => {
    await using ssh = await saying('SSH-2.0-OpenSSH_9.2\r\n');
    assert.equal(await why(ssh), 'garbled: does not keep to HTTP (Expected HTTP/, RTSP/ or ICE/)');
    await using chunk = await saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    assert.equal(await why(chunk), 'garbled: does not keep to HTTP (Invalid character in chunk size)');
    await using upgrade = await saying(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    assert.equal(await why(upgrade), 'garbled: does not keep to HTTP (bad upgrade)');
  });

  test('that echoes what it was asked into nonsense: it is not repeated', async () => {
    await using peer = await saying(`HTTP/1.1 200 OK\r\nWho are you ${SECRET}\r\n\r\n`);
    assert.equal(await why(peer), 'garbled: does not keep to HTTP (Invalid header token)');
  });

  test('that sends headers without end', async () => {
    await using peer = await saying(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(10_000)}`);
    assert.equal(await why(peer), 'garbled: sends more than 16 KiB of headers');
  });

  test('that takes a connection and closes it', async () => {
    for (const how of ['fin', 'rst'] as const) {
      await using server = await listening(createServer(socket => ends[how](socket.on('error', () => {}).resume())));
      assert.match(await why({ url: `http://127.0.0.1:${server.port}` }), /^network: (closed|broke) the connection/);
    }
  });

  test("whose first answer of two is followed by junk: the junk is nobody's", async () => {
    await using peer = await saying(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]',
    );
    await using client = newClient();
    for (let round = 0; round < 3; round += 1) {
      const answer = await ask(client, peer.url).catch(() => undefined);
      assert.equal(answer?.text ?? '[]', '[]');
    }
  });
});

suite('a server that takes too long', () => {
  /** Read with a time-out of 0.3 s; what it waits for must be gone after. */
  async function late(peer: { readonly url: string }, gone: () => boolean): Promise<string> {
    const since = performance.now();
    const told = await why(peer, { timeout: 300 });
    assert.ok(performance.now() - since > 250);
    await until(gone);
    return told;
  }

  test('to answer', async () => {
    await using peer = await startPeer(() => {});
    assert.equal(await late(peer, () => peer.connections() === 0), 'timeout: did not answer within 0.3 s');
  });

  test('to open the connection', async () => {
    await using server = await silentServer();
    const url = `https://127.0.0.1:${server.port}`;
    assert.equal(await late({ url }, () => server.open === 0), 'timeout: did not answer within 0.3 s');
  });

  test('to finish its headers, or its body, however busily it drips', async () => {
    const drip = (response: ServerResponse, what: string) => {
      const timer = setInterval(() => response.socket?.write(what), 20);
      response.socket?.once('close', () => clearInterval(timer));
    };
    await using headers = await startPeer((_request, response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      drip(response, 'X-A: b\r\n');
    });
    assert.equal(await late(headers, () => headers.connections() === 0), 'timeout: did not answer within 0.3 s');
    await using body = await startPeer((_request, response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      drip(response, ' ');
    });
    assert.equal(await late(body, () => body.connections() === 0), 'timeout: did not finish its answer within 0.3 s');
  });
});
