import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { suite, test } from 'node:test';
import * as zlib from 'node:zlib';
import iconv from 'iconv-lite';
import type { HttpResponse, HttpSettings } from '../../src/connect/http.ts';
import { startPeer } from '../support/http-peer.ts';
import { ask, newClient, until, whyNot } from './asking.ts';

interface Sent {
  readonly body: Buffer;
  readonly encoding?: string | undefined;
  readonly type?: string;
  readonly status?: number;
}

/** Asks a peer that sends this, and shows `look` what comes. Only after an answer is the connection kept. */
async function receive<Seen>(
  { body, encoding, type, status = 200 }: Sent,
  look: (answer: Promise<HttpResponse>) => Promise<Seen>,
  settings: Partial<HttpSettings> & { readonly keeps: boolean },
): Promise<Seen> {
  await using peer = await startPeer((_request, response) => {
    response.setHeader('Keep-Alive', 'timeout=600');
    if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
    if (type !== undefined) response.setHeader('Content-Type', type);
    response.writeHead(status).end(body);
  });
  await using client = newClient(settings);
  const seen = await look(ask(client, peer.url));
  await until(() => peer.connections() === (settings.keeps ? 1 : 0));
  return seen;
}

const textOf = (sent: Sent, settings?: Partial<HttpSettings>) =>
  receive(sent, async answer => (await answer).text, { ...settings, keeps: true });
const why = (sent: Sent, settings?: Partial<HttpSettings>) => receive(sent, whyNot, { ...settings, keeps: false });

const deflaters: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: zlib.gzipSync,
  'X-GZIP': zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: bytes => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
  zstd: zlib.zstdCompressSync,
};

const long = `吳 ${randomBytes(200_000).toString('base64')} 😀`;

suite('an encoded body', () => {
  test('is inflated, long or short', async () => {
    for (const [encoding, deflate] of Object.entries(deflaters)) {
      for (const text of ['', 'x', '吳', long]) {
        assert.equal(await textOf({ encoding, body: deflate(Buffer.from(text)) }), text);
      }
    }
  });

  test('called deflate is inflated without the header of zlib as well', async () => {
    for (const text of ['x', long]) {
      for (const level of [0, 1, 9]) {
        const body = zlib.deflateRawSync(text, { level });
        assert.equal(await textOf({ encoding: 'deflate', body }), text);
      }
    }
  });

  test('that says it is not encoded is left as it is', async () => {
    for (const encoding of ['identity', '', 'Identity']) {
      assert.equal(await textOf({ encoding, body: Buffer.from(long) }), long);
    }
  });

  test('may be empty, whatever its encoding', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'compress']) {
      assert.equal(await textOf({ encoding, body: Buffer.alloc(0) }), '');
      assert.equal(await textOf({ encoding, body: Buffer.alloc(0), status: 500 }), '');
    }
  });

  test('that is not whole is no answer, wherever it ends', async () => {
    for (const [encoding, deflate] of Object.entries(deflaters)) {
      const whole = deflate(Buffer.from(long));
      for (const bytes of [1, 20, whole.length >> 1, whole.length - 1]) {
        const told = await why({ encoding, body: whole.subarray(0, bytes) });
        assert.equal(told, `garbled: sends a body that is not whole ${encoding} (unexpected end of file)`);
      }
    }
  });

  test('that is damaged is no answer', async () => {
    for (const [encoding, deflate] of Object.entries(deflaters)) {
      const body = deflate(randomBytes(1000));
      body.fill(0xff, 2, 12);
      assert.match(await why({ encoding, body }), /^garbled: sends a body that is not whole [\w-]+ \([\w :]+\)$/);
    }
    const body = Buffer.from('{"people": []}');
    const told = 'garbled: sends a body that is not whole gzip (incorrect header check)';
    assert.equal(await why({ encoding: 'gzip', body }), told);
  });

  test('in an encoding that nobody knows here is no answer', async () => {
    for (const encoding of ['compress', 'gzip, br', 'constructor', '__proto__']) {
      const told = `garbled: sends a body in the encoding "${encoding}", which rosterd cannot read`;
      assert.equal(await why({ encoding, body: Buffer.from('x') }), told);
    }
  });
});

suite('a body that is too large', () => {
  const MIB = 2 ** 20;

  test('by one byte is no answer, inflated or not', async () => {
    for (const [encoding, deflate] of [['identity', (bytes: Buffer) => bytes] as const, ...Object.entries(deflaters)]) {
      const text = 'a'.repeat(1000);
      const body = deflate(Buffer.from(text));
      assert.equal(await textOf({ encoding, body }, { limit: 1000 }), text);
      assert.equal(await why({ encoding, body }, { limit: 999 }), 'too_large: sends more than 999 bytes');
    }
    const body = Buffer.alloc(3 * MIB, 'a');
    assert.equal(await why({ body }, { limit: 2 * MIB }), 'too_large: sends more than 2 MiB');
    assert.equal(await why({ body }, { limit: MIB / 2 }), 'too_large: sends more than 512 KiB');
  });

  /** Sends what `next` gives, for ever. */
  function endless(response: ServerResponse, next: () => Buffer): void {
    const more = () => {
      while (!response.destroyed && response.write(next()));
    };
    response.on('drain', more);
    more();
  }

  test('because it never ends is no answer either', async () => {
    await using peer = await startPeer((_request, response) => endless(response, () => Buffer.alloc(65_536, 'a')));
    await using client = newClient();
    assert.equal(await whyNot(ask(client, peer.url)), 'too_large: sends more than 1 MiB');
    await until(() => peer.connections() === 0);
  });

  test('because it swells beyond measure ends at the limit', async () => {
    // Gzip may be many members in a row: each of these 64 KiB is 64 MiB of zeros.
    const member = zlib.gzipSync(Buffer.alloc(64 * MIB), { level: 9 });
    await using peer = await startPeer((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      endless(response, () => member);
    });
    await using client = newClient({ limit: 8 * MIB });
    const before = process.memoryUsage().rss;
    assert.equal(await whyNot(ask(client, peer.url)), 'too_large: sends more than 8 MiB');
    const grown = (process.memoryUsage().rss - before) / MIB;
    assert.ok(grown < 128, `grew by ${grown} MiB`);
    await until(() => peer.connections() === 0);
  });
});

suite('the text of a body', () => {
  const text = '吳寶春,許功蓋';

  test('is in the charset that Content-Type names', async () => {
    const types = [
      'text/csv; charset=CHARSET',
      'text/csv;CHARSET="CHARSET"',
      'a/b; q=1; Charset=CHARSET; header=present',
    ];
    for (const charset of ['big5', 'BIG5', 'utf-16', 'utf-16le', 'utf-16be', 'gb18030', 'shift_jis', 'utf-8', 'UTF8']) {
      const body = iconv.encode(charset === 'shift_jis' ? '山田' : text, charset);
      for (const type of types) {
        const said = await textOf({ body, type: type.replace(/CHARSET(?!=)/g, charset) });
        assert.equal(said, charset === 'shift_jis' ? '山田' : text);
      }
    }
    assert.equal(await textOf({ body: Buffer.from('caf\xe9', 'latin1'), type: 'a/b; charset=iso-8859-1' }), 'café');
    const both = { encoding: 'gzip', body: zlib.gzipSync(iconv.encode(text, 'big5')), type: 'a/b; charset=big5' };
    assert.equal(await textOf(both), text);
  });

  test('is UTF-8 where none is named', async () => {
    for (const type of ['application/json', 'application/json; charset=', 'text/html; x="charset"']) {
      assert.equal(await textOf({ body: Buffer.from(text), type }), text);
    }
    assert.equal(await textOf({ body: Buffer.from(text) }), text);
  });

  test('comes without a byte order mark', async () => {
    assert.equal(await textOf({ body: Buffer.from(`\ufeff${text}`) }), text);
    assert.equal(await textOf({ body: iconv.encode(`\ufeff${text}`, 'utf-16le'), type: 'a/b; charset=utf-16' }), text);
    assert.equal(await textOf({ body: iconv.encode(`\ufeff${text}`, 'utf-16be'), type: 'a/b; charset=utf-16' }), text);
  });

  test('that is not what it says it is, is no answer', async () => {
    const body = Buffer.from('caf\xe9 au lait', 'latin1');
    assert.equal(await why({ body }), 'garbled: sends a body that is not UTF-8, and names no other charset');
    const named = await why({ body, type: 'a/b; charset=utf-8' });
    assert.equal(named, 'garbled: sends a body that is not utf-8, as it says it is');
    const big5 = await why({ body: Buffer.from([0xa7, 0x64, 0xff]), type: 'a/b; charset=big5' });
    assert.equal(big5, 'garbled: sends a body that is not big5, as it says it is');
    const unknown = await why({ body, type: 'a/b; charset=klingon-8' });
    assert.equal(unknown, 'garbled: sends a body in the charset "klingon-8", which rosterd cannot read');
    // What was meant is not lost: this replacement character was sent.
    assert.equal(await textOf({ body: Buffer.from('a\ufffd') }), 'a\ufffd');
  });

  test('of an answer that is an error is as good as it gets', async () => {
    const body = Buffer.from('caf\xe9', 'latin1');
    for (const type of ['text/html', 'text/html; charset=klingon-8']) {
      assert.equal(await textOf({ body, type, status: 503 }), 'caf\ufffd');
    }
  });
});
