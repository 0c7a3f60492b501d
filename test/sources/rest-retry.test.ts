import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startPeer } from '../support/http-peer.ts';
import { freePort } from '../support/port.ts';
import { readAll, whyNot } from './configured.ts';
import {
  addresses,
  emails,
  inTurn,
  MIDNIGHT,
  manifestFor,
  people,
  rest,
  type Said,
  say,
  TestClock,
  why,
} from './rest-service.ts';

const fine: Said = { json: { people: people(1) } };

/** The waits between the tries of a request that is refused so and then served. */
async function waits(headers: Record<string, string>, { status = 503, random = 0.5 } = {}): Promise<number[]> {
  await using peer = await startPeer(inTurn({ status, headers }, fine));
  const clock = new TestClock(random);
  assert.deepEqual(await emails(rest(manifestFor(peer.origin), {}, clock)), addresses(1));
  return clock.waits;
}

const date = (seconds: number) => new Date(MIDNIGHT + seconds * 1000).toUTCString();
const epoch = (seconds: number) => String(MIDNIGHT / 1000 + seconds);

suite('Retry', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    test(`${status} is tried again`, async () => assert.deepEqual(await waits({}, { status }), [2000]));
  }

  for (const status of [400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 423, 451, 501, 505]) {
    test(`${status} never is, whatever it asks for`, async () => {
      await using peer = await startPeer(inTurn({ status, headers: { 'retry-after': '1' }, text: 'no' }, fine));
      assert.equal(await why(peer), `GET ORIGIN/people (page 1): expected a success, and got status ${status}: no`);
      assert.equal(peer.requests.length, 1);
    });
  }

  test('5 tries, waiting 2ⁿ s', async () => {
    await using peer = await startPeer(inTurn({ status: 503, text: 'later' }));
    const clock = new TestClock();
    assert.equal(
      await why(peer, {}, {}, clock),
      'GET ORIGIN/people (page 1): expected a success, and got status 503, 5 times: later',
    );
    assert.deepEqual(clock.waits, [2000, 4000, 8000, 16_000]);
    assert.equal(peer.requests.length, 5);
  });

  test('2ⁿ s with jitter: a quarter more or less', async () => {
    assert.deepEqual(await waits({}, { random: 0 }), [1500]);
    assert.deepEqual(await waits({}, { random: 0.999 }), [2499]);
  });

  test('every page has tries of its own', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(
        response,
        count % 5 === 0 ? { json: { people: people(count), next: count < 15 && `/p?${count}` } } : { status: 500 },
      ),
    );
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { next_page_from: 'next' }))), addresses(5, 10, 15));
  });

  test('a request is the same each time', async () => {
    await using peer = await startPeer(inTurn({ status: 500 }, { status: 500 }, fine));
    const execute = [{ url: `${peer.origin}/people?q=1`, data: { a: ['x', 'y'] }, headers: { 'X-A': 'a' } }];
    await readAll(rest(manifestFor(peer.origin, { execute })));
    const sent = peer.requests.map(({ method, url, body, headers }) => [method, url, body, headers['x-a']]);
    assert.deepEqual(
      sent,
      Array.from({ length: 3 }, () => ['POST', '/people?q=1', 'a=x&a=y', 'a']),
    );
  });
});

suite('`Retry-After`', () => {
  const cases: [what: string, headers: Record<string, string>, wait: number][] = [
    ['seconds', { 'Retry-After': '17' }, 17_000],
    ['0 seconds', { 'Retry-After': '0' }, 0],
    ['parts of a second', { 'Retry-After': '1.5' }, 1500],
    ['a date', { 'Retry-After': date(90) }, 90_000],
    ['a date that is past is none', { 'Retry-After': date(-90) }, 2000],
    ['nonsense is none', { 'Retry-After': 'soon' }, 2000],
    ['a negative number is none', { 'Retry-After': '-5' }, 2000],
    ['a number that could be a year is seconds', { 'Retry-After': '290' }, 290_000],
    ['counts more than a limit', { 'Retry-After': '3', 'X-RateLimit-Reset': '60', 'X-RateLimit-Remaining': '0' }, 3000],
    ['nonsense counts less than a limit', { 'Retry-After': 'soon', 'X-RateLimit-Reset': '60' }, 60_000],
  ];
  for (const [what, headers, wait] of cases) test(what, async () => assert.deepEqual(await waits(headers), [wait]));
});

suite('`X-RateLimit-Reset`: epoch or seconds, by size', () => {
  const cases: [what: string, headers: Record<string, string>, wait: number][] = [
    ['seconds', { 'X-RateLimit-Reset': '42' }, 42_000],
    ['a moment in seconds', { 'X-RateLimit-Reset': epoch(77) }, 77_000],
    ['a moment in milliseconds', { 'X-RateLimit-Reset': `${epoch(78)}000` }, 78_000],
    ['a moment that is past is none', { 'X-RateLimit-Reset': epoch(-5) }, 2000],
    ['this very moment is none', { 'X-RateLimit-Reset': epoch(0) }, 2000],
    ['nothing is none', { 'X-RateLimit-Reset': '' }, 2000],
    ['nonsense is none', { 'X-RateLimit-Reset': 'tomorrow' }, 2000],
    ['another spelling', { 'X-Rate-Limit-Reset': epoch(12) }, 12_000],
    ['the spelling of the draft', { 'RateLimit-Reset': '13' }, 13_000],
    [
      'of a limit that was not reached is none',
      { 'X-RateLimit-Reset': epoch(3000), 'X-RateLimit-Remaining': '4999' },
      2000,
    ],
  ];
  for (const [what, headers, wait] of cases)
    test(what, async () => assert.deepEqual(await waits(headers, { status: 429 }), [wait]));
});

suite('at most 5 min in all', () => {
  test('one wait', async () => {
    assert.deepEqual(await waits({ 'Retry-After': '300' }), [300_000]);
    await using peer = await startPeer(
      inTurn({ status: 429, headers: { 'retry-after': '301' }, text: 'slow down' }, fine),
    );
    const clock = new TestClock();
    const text =
      'GET ORIGIN/people (page 1): expected a success, and got status 429; it asks to wait 301 s, which is too long: slow down';
    assert.equal(await why(peer, {}, {}, clock), text);
    assert.deepEqual([clock.waits, peer.requests.length], [[], 1]);
  });

  test('several together', async () => {
    await using peer = await startPeer(inTurn({ status: 429, headers: { 'retry-after': '101' } }));
    const clock = new TestClock();
    assert.match(await why(peer, {}, {}, clock), /got status 429, 3 times; it asks to wait 101 s, which is too long: /);
    assert.deepEqual(clock.waits, [101_000, 101_000]);
  });
});

suite('network errors', () => {
  test('are tried again: a connection that breaks', async () => {
    await using peer = await startPeer(({ count }, response) => {
      if (count < 3) response.destroy();
      else say(response, fine);
    });
    const clock = new TestClock();
    assert.deepEqual(await emails(rest(manifestFor(peer.origin), {}, clock)), addresses(1));
    assert.deepEqual(clock.waits, [2000, 4000]);
  });

  test('are tried again: a body that ends too early is no shorter list', async () => {
    const body = '[{"email":"p1@acme.example"}]';
    await using peer = await startPeer(({ count }, response) => {
      response.writeHead(200, { 'content-length': count < 3 ? body.length + 5 : body.length });
      response.write(body, () => (count < 3 ? response.destroy() : response.end()));
    });
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { data_from: '' }))), addresses(1));
    assert.equal(peer.requests.length, 3);
  });

  test('fail after five tries, and say what it is', async () => {
    const clock = new TestClock();
    const origin = `http://127.0.0.1:${await freePort()}`;
    const text = await whyNot(rest(manifestFor(origin), {}, clock));
    assert.equal(
      text,
      `GET ${origin}/people (page 1): refuses connections; is it running, and is the port right? (ECONNREFUSED), 5 times`,
    );
    assert.deepEqual(clock.waits, [2000, 4000, 8000, 16_000]);
  });

  test('are tried again: a server that is silent for longer than `timeout`', async () => {
    await using peer = await startPeer(({ count }, response) => {
      if (count > 1) say(response, fine);
    });
    assert.deepEqual(await emails(rest(manifestFor(peer.origin), { timeout: '300ms' })), addresses(1));
  });

  test('that come of what is asked are not', async () => {
    await using peer = await startPeer(inTurn(fine));
    const execute = [{ url: `${peer.origin}/people`, headers: { 'bad name': 'x' } }];
    assert.equal(
      await why(peer, { execute }),
      'POST ORIGIN/people (page 1): cannot be asked: "bad name" is no name of a header',
    );
    assert.equal(peer.requests.length, 0);
  });

  test('that come of rubbish are not', async () => {
    await using peer = await startPeer((_request, response) => void response.socket?.end('SSH-2.0-OpenSSH\r\n'));
    const clock = new TestClock();
    assert.match(await why(peer, {}, {}, clock), /^GET ORIGIN\/people \(page 1\): does not keep to HTTP/);
    assert.deepEqual(clock.waits, []);
  });
});

test('a run that is aborted while it waits ends at once', async () => {
  const run = new AbortController();
  await using peer = await startPeer(inTurn({ status: 503 }));
  const clock = new TestClock();
  clock.wait = (_milliseconds, signal) => {
    run.abort();
    return Promise.reject(signal.reason);
  };
  const source = rest(manifestFor(peer.origin), {}, clock);
  assert.equal(await whyNot(source, { signal: run.signal, today: '2026-11-22' }), 'the reading was broken off');
  assert.equal(peer.requests.length, 1);
});
