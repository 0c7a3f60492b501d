import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startPeer } from '../support/http-peer.ts';
import {
  addresses,
  emails,
  inTurn,
  manifestFor,
  people,
  rest,
  type Said,
  say,
  TestClock,
  why,
} from './rest-service.ts';

const ready = (state: unknown, ...ids: number[]): Said => ({ json: { state, people: people(...ids) } });

/** A manifest whose one request has these parts, in front of a server that gives these answers in turn. */
async function asked(parts: Record<string, unknown>, ...answers: Said[]) {
  await using peer = await startPeer(inTurn(...answers));
  const execute = [{ url: `${peer.origin}/people`, ...parts }];
  const clock = new TestClock();
  const settings = { values: { WANTED: 'done' } };
  const manifest = { execute, initial_data_form: [{ id: 'WANTED', secret: false }] };
  const source = rest(manifestFor(peer.origin, manifest), settings, clock);
  const got = await emails(source).catch((error: Error) =>
    error.message.replace(peer.origin, '').replace('source hr: ', ''),
  );
  return { got, requests: peer.requests.length, waits: clock.waits };
}

const finished = { response_notation: 'state', value: 'done' };

suite('`continue_if {response_notation, value}`', () => {
  const equal: [what: string, state: unknown, value: unknown][] = [
    ['a text', 'done', 'done'],
    ['a number, compared as string', 7, '7'],
    ['a number in the manifest', '7', 7],
    ['true, as Python writes it', true, 'True'],
    ['true, as JSON writes it', true, 'true'],
    ['true in the manifest', true, true],
    ['a value that is filled in', 'done', '{{ WANTED }}'],
  ];
  for (const [what, state, value] of equal) {
    test(`goes on where it is equal: ${what}`, async () => {
      const { got } = await asked({ continue_if: { response_notation: 'state', value } }, ready(state, 1));
      assert.deepEqual(got, addresses(1));
    });
  }

  const different: [what: string, state: unknown, shown: string][] = [
    ['another text', 'pending', '"pending"'],
    ['another case', 'Done', '"Done"'],
    ['null', null, 'null'],
    ['nothing', undefined, 'nothing there'],
    ['an object', { done: true }, '{"done":true}'],
    ['a list', ['done'], '["done"]'],
  ];
  for (const [what, state, shown] of different) {
    test(`fails at once where it is not, without polling: ${what}`, async () => {
      const { got, requests } = await asked({ continue_if: finished }, ready(state, 1));
      const said = JSON.stringify({ state, people: people(1) });
      assert.equal(got, `POST /people (page 1): expected "state" to be "done", and got ${shown}: ${said}`);
      assert.equal(requests, 1);
    });
  }

  test('is looked at on every page', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { state: count === 3 ? 'error' : 'done', people: people(count), next: `/p?${count}` } }),
    );
    const execute = [{ url: `${peer.origin}/people`, continue_if: finished }];
    const text = await why(peer, { execute, next_page_from: 'next' });
    assert.match(text, /^GET ORIGIN\/p \(page 3\): expected "state" to be "done", and got "error": /);
  });

  test('is looked at in requests before the list, too', async () => {
    await using peer = await startPeer(inTurn({ json: { state: 'no' } }, ready('', 1)));
    const execute = [{ url: `${peer.origin}/begin`, continue_if: finished }, { url: `${peer.origin}/people` }];
    assert.equal(
      await why(peer, { execute }),
      'POST ORIGIN/begin: expected "state" to be "done", and got "no": {"state":"no"}',
    );
  });

  test('fails where the answer is no JSON', async () => {
    const { got } = await asked({ continue_if: finished }, { text: 'done' });
    assert.equal(got, 'POST /people (page 1): expected "state" to be "done", and got nothing there: done');
  });
});

suite('`polling {interval, amount}`', () => {
  const polling = { interval: 30, amount: 3 };
  test('asks again until it is equal', async () => {
    const { got, waits, requests } = await asked(
      { continue_if: finished, polling },
      ready('no', 1),
      ready('no', 1),
      ready('done', 2),
    );
    assert.deepEqual(got, addresses(2));
    assert.deepEqual([waits, requests], [[30_000, 30_000], 3]);
  });

  test('repeats up to amount requests in all, and then fails', async () => {
    const { got, waits, requests } = await asked({ continue_if: finished, polling }, ready('no'));
    const text =
      'POST /people (page 1): expected "state" to be "done" after 3 requests, and got "no": {"state":"no","people":[]}';
    assert.equal(got, text);
    assert.deepEqual([waits, requests], [[30_000, 30_000], 3]);
  });

  test('of one request is none', async () => {
    const { waits, requests } = await asked(
      { continue_if: finished, polling: { interval: 1, amount: 1 } },
      ready('no'),
    );
    assert.deepEqual([waits, requests], [[], 1]);
  });

  test('does not go on when the request fails', async () => {
    const { got, requests } = await asked({ continue_if: finished, polling }, ready('no'), { status: 403, text: 'no' });
    assert.equal(got, 'POST /people (page 1): expected a success, and got status 403: no');
    assert.equal(requests, 2);
  });

  test('of a request before the list gives its last answer', async () => {
    await using peer = await startPeer(
      inTurn({ json: { state: 'no' } }, { json: { state: 'done', file: 'f1' } }, ready('', 1)),
    );
    const execute = [
      { url: `${peer.origin}/report`, continue_if: finished, polling },
      { url: `${peer.origin}/file/{{ responses.0.file }}`, method: 'GET' },
    ];
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { execute }))), addresses(1));
    assert.deepEqual(
      peer.requests.map(({ url }) => url),
      ['/report', '/report', '/file/f1'],
    );
  });
});

suite('`empty_status`: codes that mean "no records"', () => {
  const parts = { empty_status: [404, 204] };
  for (const said of [{ status: 404, text: 'none' }, { status: 204 }, { status: 404, json: { people: people(9) } }]) {
    test(`on page 1: ${JSON.stringify(said)}`, async () => {
      const { got, requests } = await asked(parts, said);
      assert.deepEqual([got, requests], [[], 1]);
    });
  }

  test('behind the last page', async () => {
    await using peer = await startPeer(({ query }, response) =>
      say(response, query.get('p') === '3' ? { status: 404 } : { json: { people: people(Number(query.get('p'))) } }),
    );
    const execute = [{ url: `${peer.origin}/people`, ...parts }];
    assert.deepEqual(
      await emails(rest(manifestFor(peer.origin, { execute, paginate: { type: 'page', param: 'p' } }))),
      addresses(1, 2),
    );
  });

  test('counts more than continue_if', async () => {
    const { got, requests } = await asked({ ...parts, continue_if: finished }, { status: 204 });
    assert.deepEqual([got, requests], [[], 1]);
  });

  test('no other code does', async () => {
    const { got } = await asked(parts, { status: 410, text: 'gone' });
    assert.equal(got, 'POST /people (page 1): expected a success, and got status 410: gone');
  });

  test('is no end while the server counts more', async () => {
    await using peer = await startPeer(({ query }, response) =>
      say(response, query.get('p') === '2' ? { status: 404 } : { json: { people: people(1, 2), total: 5 } }),
    );
    const execute = [{ url: `${peer.origin}/people`, ...parts }];
    const text = await why(peer, { execute, paginate: { type: 'page', param: 'p' }, expect_total_from: 'total' });
    assert.equal(text, 'POST ORIGIN/people (page 2): the server counts 5 records, and gave 2');
  });
});

suite('`empty_if {response_notation, values}`: what says "no records" inside a 200', () => {
  const empty_if = { response_notation: 'code', values: [7013, 'NONE'] };
  for (const code of [7013, '7013', 'NONE']) {
    test(`${JSON.stringify(code)} does`, async () => {
      assert.deepEqual((await asked({ empty_if }, { json: { code } })).got, []);
    });
  }
  test('another value does not', async () => {
    for (const code of [0, 'none', undefined]) {
      const { got } = await asked({ empty_if }, { json: { code } });
      assert.match(String(got), /^POST \/people \(page 1\): Notation 'people' not in \{/);
    }
  });
  test('is no end while the server counts more', async () => {
    await using peer = await startPeer(({ query }, response) =>
      say(response, { json: query.get('p') === '2' ? { code: 'NONE' } : { people: people(1, 2), total: 5 } }),
    );
    const execute = [{ url: `${peer.origin}/people`, empty_if }];
    const text = await why(peer, { execute, paginate: { type: 'page', param: 'p' }, expect_total_from: 'total' });
    assert.equal(text, 'POST ORIGIN/people (page 2): the server counts 5 records, and gave 2');
  });
});

suite('`retry_if {response_notation, values}`: an error inside a 200', () => {
  const retry_if = { response_notation: 'error.code', values: ['busy', 429] };
  const busy = (code: unknown): Said => ({ json: { error: { code }, people: people(9) } });
  test('is tried again, and only then believed', async () => {
    const { got, waits } = await asked({ retry_if }, busy('busy'), busy(429), ready('', 1));
    assert.deepEqual([got, waits], [addresses(1), [2000, 4000]]);
  });

  test('waits as long as the answer asks for', async () => {
    const { waits } = await asked({ retry_if }, { ...busy('busy'), headers: { 'retry-after': '7' } }, ready('', 1));
    assert.deepEqual(waits, [7000]);
  });

  test('fails after five tries', async () => {
    const { got, requests } = await asked({ retry_if }, busy('busy'));
    const said = JSON.stringify({ error: { code: 'busy' }, people: people(9) });
    assert.equal(
      got,
      `POST /people (page 1): expected "error.code" to be none of busy, 429, and got status 200, 5 times: ${said}`,
    );
    assert.equal(requests, 5);
  });

  test('with another value, or none, is no error', async () => {
    for (const said of [busy('ok'), busy(null), ready('', 9)]) {
      assert.deepEqual((await asked({ retry_if }, said)).got, addresses(9));
    }
  });

  test('in the middle of the list, too', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, count === 2 ? busy('busy') : { json: { people: people(count), next: count < 3 && `/p?${count}` } }),
    );
    const execute = [{ url: `${peer.origin}/people`, retry_if }];
    assert.deepEqual(
      await emails(rest(manifestFor(peer.origin, { execute, next_page_from: 'next' }))),
      addresses(1, 3),
    );
  });
});
