import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type PeerRequest, startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { addresses, emails, inTurn, manifestFor, people, rest, type Said, say, why } from './rest-service.ts';

/** Pages of two people each; `page` counts from 1. Beyond the last one there is nobody. */
const two = (page: number, pages: number) => (page > pages ? [] : people(2 * page - 1, 2 * page));
const everybody = (pages: number) => addresses(...Array.from({ length: 2 * pages }, (_, place) => place + 1));

/** A way from page to page: how a manifest describes it, and a server that has so many pages. */
interface Way {
  readonly parts: (origin: string) => Record<string, unknown>;
  answer(request: PeerRequest, pages: number): Said;
  /** Whether the end is a page without records. */
  readonly blind?: boolean;
}

const pageOf = ({ query }: PeerRequest) => Number(query.get('page') ?? 1);
const linked =
  (next: (page: number) => unknown) =>
  (request: PeerRequest, pages: number): Said => {
    const page = pageOf(request);
    return { json: { people: two(page, pages), next: page < pages ? next(page + 1) : null } };
  };

const WAYS: Readonly<Record<string, Way>> = {
  '`next_page_from`': { parts: () => ({ next_page_from: 'next' }), answer: linked(page => `/people?page=${page}`) },
  '`next_page_token_from` + `next_page`': {
    parts: origin => ({ next_page_token_from: 'next', next_page: `${origin}/people?page={{ NEXT_PAGE_TOKEN }}` }),
    answer: linked(page => page),
  },
  '`paginate` link': {
    parts: () => ({ paginate: { type: 'link' } }),
    answer: (request, pages) => ({
      json: { people: two(pageOf(request), pages) },
      headers:
        pageOf(request) < pages
          ? { link: `</people?page=1>; rel=first, </people?page=${pageOf(request) + 1}>; rel="next"` }
          : {},
    }),
  },
  '`paginate` cursor in the query': {
    parts: () => ({ paginate: { type: 'cursor', param: 'page', cursor_from: 'next' } }),
    answer: linked(page => page),
  },
  '`paginate` cursor in the query, with more_from': {
    parts: () => ({ paginate: { type: 'cursor', param: 'page', cursor_from: 'next', more_from: 'more' } }),
    answer: (request, pages) => {
      const page = pageOf(request);
      return { json: { people: two(page, pages), next: page + 1, more: page < pages } };
    },
  },
  '`paginate` page': {
    parts: () => ({ paginate: { type: 'page', param: 'page' } }),
    answer: (request, pages) => ({ json: { people: two(pageOf(request), pages) } }),
    blind: true,
  },
  '`paginate` page, with more_from': {
    parts: () => ({ paginate: { type: 'page', param: 'page', more_from: 'more' } }),
    answer: (request, pages) => ({
      json: { people: two(pageOf(request), pages), more: pageOf(request) < pages ? 'yes' : 'no' },
    }),
  },
  '`paginate` page, with a total': {
    parts: () => ({ paginate: { type: 'page', param: 'page' }, expect_total_from: 'total' }),
    answer: (request, pages) => ({ json: { people: two(pageOf(request), pages), total: 2 * pages } }),
  },
  '`paginate` offset': {
    parts: () => ({ paginate: { type: 'offset', param: 'skip' } }),
    answer: ({ query }, pages) => ({ json: { people: two(Number(query.get('skip')) / 2 + 1, pages) } }),
    blind: true,
  },
  '`paginate` offset in the body': {
    parts: origin => ({
      execute: [{ url: `${origin}/people`, data: { page: { size: 2 } }, body_format: 'json' }],
      paginate: { type: 'offset', in: 'body', param: 'page.skip' },
    }),
    answer: ({ body }, pages) => {
      const { skip, size } = JSON.parse(body).page;
      assert.equal(size, 2);
      return { json: { people: two(skip / 2 + 1, pages) } };
    },
    blind: true,
  },
};

for (const [name, way] of Object.entries(WAYS)) {
  const read = async (pages: number, more: Record<string, unknown> = {}, settings = {}) => {
    await using peer = await startPeer((request, response) => say(response, way.answer(request, pages)));
    const got = await emails(rest(manifestFor(peer.origin, { ...way.parts(peer.origin), ...more }), settings)).catch(
      (error: Error) => error.message.replaceAll(peer.origin, '').replace(/^source hr: \w+ \/people /, ''),
    );
    return { got, requests: peer.requests.length };
  };
  const extra = way.blind ? 1 : 0;
  suite(name, () => {
    test('reads to the end, and no further', async () => {
      for (const pages of [1, 4])
        assert.deepEqual(await read(pages), { got: everybody(pages), requests: pages + extra });
    });

    test('`amount_pages_to_fetch`: a cap with no page behind it is none', async () => {
      for (const cap of [3, '4'])
        assert.deepEqual(await read(3, { amount_pages_to_fetch: cap }), { got: everybody(3), requests: 3 + extra });
    });

    test('`amount_pages_to_fetch`: a cap with another page behind it fails as incomplete', async () => {
      const { got, requests } = await read(4, { amount_pages_to_fetch: 3 });
      assert.equal(
        got,
        `(page ${3 + extra}): there is more behind page 3, where amount_pages_to_fetch ends it: the list is not complete`,
      );
      assert.equal(requests, 3 + extra);
    });

    test('`amount_pages_to_fetch`: ≤ 0 or null is no cap', async () => {
      for (const cap of [0, null]) assert.deepEqual((await read(3, { amount_pages_to_fetch: cap })).got, everybody(3));
    });

    test('`max_pages`: exactly as many are fine, one more is not', async () => {
      assert.deepEqual((await read(3, {}, { max_pages: 3 })).got, everybody(3));
      const text = `(page ${3 + extra}): there is more behind page 3, where max_pages ends it: the list is not complete`;
      assert.equal((await read(4, {}, { max_pages: 3 })).got, text);
      assert.equal((await read(4, { amount_pages_to_fetch: 9 }, { max_pages: 3 })).got, text);
    });

    test('an empty list on page 3 is the end where the server does not say otherwise, and none where it does', async () => {
      await using peer = await startPeer((request, response) => {
        const said = way.answer(request, 4) as { json: { people: unknown[] } };
        const third = said.json.people.some(one => (one as { id: number }).id === 5);
        say(response, third ? { ...said, json: { ...said.json, people: [] } } : said);
      });
      const source = rest(manifestFor(peer.origin, way.parts(peer.origin)));
      const found = await emails(source).catch((error: Error) => error.message);
      if (way.blind) assert.deepEqual(found, everybody(2));
      else if (name.includes('total')) assert.match(String(found), /the server counts 8 records, and gave 4$/);
      else
        assert.deepEqual(
          found,
          everybody(4).filter(one => !addresses(5, 6).includes(one)),
        );
    });
  });
}

suite('`next_page_from`: notation of the next URL', () => {
  for (const end of [null, undefined, '', false]) {
    test(`${JSON.stringify(end) ?? 'missing'} = end`, async () => {
      await using peer = await startPeer(({ count }, response) =>
        say(response, { json: { people: people(count), paging: { next: count < 2 ? '/2' : end } } }),
      );
      assert.deepEqual(
        await emails(rest(manifestFor(peer.origin, { next_page_from: 'paging.next' }))),
        addresses(1, 2),
      );
    });
  }

  test('is asked for with GET, the headers, and without the body', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), next: count < 2 && '/2' } }),
    );
    const execute = [{ url: `${peer.origin}/people`, data: { a: '1' }, headers: { Authorization: 'Bearer {{ K }}' } }];
    await readAll(rest(manifestFor(peer.origin, { execute, next_page_from: 'next' }), { values: { K: 'k' } }));
    const sent = peer.requests.map(({ method, url, body, headers }) => [method, url, body, headers.authorization]);
    assert.deepEqual(sent, [
      ['POST', '/people', 'a=1', 'Bearer k'],
      ['GET', '/2', '', 'Bearer k'],
    ]);
  });

  const forms: [what: string, next: string, url: string][] = [
    ['absolute', 'ORIGIN/2?a=b%20c', '/2?a=b%20c'],
    ['relative to the page', 'more?x=1', '/v1/more?x=1'],
    ['a query alone', '?x=1', '/v1/people?x=1'],
    ['encoded characters are left as they are', '/2?c=%2Bab%3D%3D&d=a+b', '/2?c=%2Bab%3D%3D&d=a+b'],
    ['a path that begins with //, at home', 'ORIGIN//evil.example/2', '//evil.example/2'],
  ];
  for (const [what, next, url] of forms) {
    test(what, async () => {
      await using peer = await startPeer(({ count }, response) =>
        say(response, {
          json: { people: people(count), next: count < 2 ? next.replace('ORIGIN', peer.origin) : null },
        }),
      );
      const execute = [{ url: `${peer.origin}/v1/people?first=1` }];
      await readAll(rest(manifestFor(peer.origin, { execute, next_page_from: 'next' })));
      assert.equal(peer.requests[1]?.url, url);
    });
  }

  test('what is no address is an error', async () => {
    await using peer = await startPeer(inTurn({ json: { people: people(1), next: 'mailto:a@b.example' } }));
    const text = 'a request cannot be made: has no address that could be asked; a URL begins with https:// or http://';
    assert.equal(await why(peer, { next_page_from: 'next' }), text);
  });
});

suite('`next_page_token_from` + `next_page`', () => {
  const tokens: [what: string, token: string | number, sent: string][] = [
    ['is percent-encoded', 'a b+c/d=&e', 'a%20b%2Bc%2Fd%3D%26e'],
    ['is not, where it already is', 'a%20b%2Bc', 'a%20b%2Bc'],
    ['is, where a % is nothing of the kind', '100%', '100%25'],
    ['may be a number', 7, '7'],
    ['is no template', '{{ KEY }}', '%7B%7B%20KEY%20%7D%7D'],
  ];
  for (const [what, token, sent] of tokens) {
    test(`the token ${what}`, async () => {
      await using peer = await startPeer(({ count }, response) =>
        say(response, { json: { people: people(count), next: count < 2 ? token : '' } }),
      );
      const next_page = `${peer.origin}/people?k={{ K }}&t={{NEXT_PAGE_TOKEN}}`;
      const source = rest(manifestFor(peer.origin, { next_page_token_from: 'next', next_page }), {
        values: { K: 'k' },
      });
      assert.deepEqual(await emails(source), addresses(1, 2));
      assert.equal(peer.requests[1]?.url, `/people?k=k&t=${sent}`);
    });
  }

  for (const next of [null, undefined, '', false]) {
    test(`a token of ${JSON.stringify(next) ?? 'nothing'} = end`, async () => {
      await using peer = await startPeer(inTurn({ json: { people: people(1), next } }));
      const parts = { next_page_token_from: 'next', next_page: `${peer.origin}/{{ NEXT_PAGE_TOKEN }}` };
      assert.deepEqual(await emails(rest(manifestFor(peer.origin, parts))), addresses(1));
    });
  }
});

suite('`paginate`', () => {
  const queries = async (paginate: Record<string, unknown>, pages = 2) => {
    await using peer = await startPeer(({ count }, response) => say(response, { json: { people: two(count, pages) } }));
    const execute = [{ url: `${peer.origin}/people?size=2&p=x`, method: 'GET' }];
    await readAll(rest(manifestFor(peer.origin, { execute, paginate })));
    return peer.requests.map(({ url }) => url.replace('/people?size=2', ''));
  };
  test('`param` takes the place of one that is there', async () => {
    assert.deepEqual(await queries({ type: 'page', param: 'p' }), ['&p=1', '&p=2', '&p=3']);
  });
  test('`start` is where it begins', async () => {
    assert.deepEqual(await queries({ type: 'page', param: 'p', start: 0 }), ['&p=0', '&p=1', '&p=2']);
    assert.deepEqual(await queries({ type: 'offset', param: 'p', start: 1 }), ['&p=1', '&p=3', '&p=5']);
  });
  test('`step: size`: a page that is smaller than its size leaves a gap, unless it is the last', async () => {
    const read = async (...sizes: number[]) => {
      await using peer = await startPeer(({ query }, response) => {
        const from = Number(query.get('p'));
        say(response, {
          json: { people: Array.from({ length: sizes[from / 3] ?? 0 }, (_, place) => people(from + place)[0]) },
        });
      });
      const paginate = { type: 'offset', param: 'p', step: 'size', size: 3 };
      return await emails(rest(manifestFor(peer.origin, { paginate }))).catch((error: Error) =>
        error.message.replace(peer.origin, ''),
      );
    };
    assert.deepEqual(await read(3, 3, 2), addresses(0, 1, 2, 3, 4, 5, 6, 7));
    assert.equal(
      await read(3, 2, 3),
      'source hr: GET /people (page 3): page 2 had 2 records, fewer than its size of 3, and there are more behind it: ' +
        'what lies between is not read; set size to what the server gives at once, or leave step out',
    );
  });
  test('`step: size`: an offset grows by the size of a page, not by its records', async () => {
    assert.deepEqual(await queries({ type: 'offset', param: 'p', step: 'size', size: 2 }), ['&p=0', '&p=2', '&p=4']);
    assert.deepEqual(await queries({ type: 'offset', param: 'p', step: 'size', size: 2 }, 1), ['&p=0', '&p=2']);
  });
  test('`step: size`: a page smaller than that with more behind it fails, for nobody asks for what lies between', async () => {
    await assert.rejects(
      queries({ type: 'offset', param: 'p', step: 'size', size: 50 }),
      /\(page 2\): page 1 had 2 records, fewer than its size of 50, and there are more behind it: .*set size to what the server gives/,
    );
  });
  test('`in: body`: a form', async () => {
    await using peer = await startPeer(({ count }, response) => say(response, { json: { people: two(count, 2) } }));
    const execute = [{ url: `${peer.origin}/people`, data: { a: 'x y', p: '9' } }];
    await readAll(rest(manifestFor(peer.origin, { execute, paginate: { type: 'page', in: 'body', param: 'p' } })));
    assert.deepEqual(
      peer.requests.map(({ body }) => body),
      ['a=x+y&p=1', 'a=x+y&p=2', 'a=x+y&p=3'],
    );
  });
  test('`in: body`: without one, JSON that says that it is', async () => {
    await using peer = await startPeer(({ count }, response) => say(response, { json: { people: two(count, 1) } }));
    await readAll(
      rest(
        manifestFor(peer.origin, {
          execute: [{ url: `${peer.origin}/p` }],
          paginate: { type: 'page', in: 'body', param: 'a.b' },
        }),
      ),
    );
    assert.deepEqual(
      peer.requests.map(({ body, headers }) => [body, headers['content-type']]),
      [
        ['{"a":{"b":1}}', 'application/json'],
        ['{"a":{"b":2}}', 'application/json'],
      ],
    );
  });
  test('`in: body`: text that is JSON; a cursor stays what it is', async () => {
    for (const cursor of ['007', 7, 'x"y']) {
      await using peer = await startPeer(({ count }, response) =>
        say(response, { json: { people: people(count), c: count < 2 ? cursor : null } }),
      );
      const execute = [{ url: `${peer.origin}/people`, data: '\n{"query": {"q": "{{ Q }}"}}' }];
      const parts = { execute, paginate: { type: 'cursor', in: 'body', param: 'query.after', cursor_from: 'c' } };
      await readAll(rest(manifestFor(peer.origin, parts), { values: { Q: 'a"b' } }));
      assert.deepEqual(
        peer.requests.map(({ body }) => JSON.parse(body)),
        [{ query: { q: 'a"b' } }, { query: { q: 'a"b', after: cursor } }],
      );
    }
  });
  test('`in: body`: text that is no JSON is an error that does not quote it', async () => {
    await using peer = await startPeer(inTurn({ json: { people: people(1), c: 2 } }));
    const execute = [{ url: `${peer.origin}/people`, data: '{"key": se-cret}' }];
    const text = await why(peer, { execute, paginate: { type: 'cursor', in: 'body', param: 'c', cursor_from: 'c' } });
    assert.equal(text, 'a request cannot be made: has a body that is no JSON, in which the page cannot be said');
  });
  const yes = [true, 'true', 'TRUE', 'Yes', 'y', 1, '2', 17];
  const no = [false, 'false', 'no', 'N', '', 0, '0', null, undefined];
  test('`more_from`: what services say', async () => {
    for (const [values, found] of [
      [yes, [1, 2]],
      [no, [1]],
    ] as const) {
      for (const m of values) {
        await using peer = await startPeer(({ count }, response) =>
          say(response, { json: { people: people(count), m: count === 1 ? m : false } }),
        );
        const parts = { paginate: { type: 'page', param: 'p', more_from: 'm' } };
        assert.deepEqual(await emails(rest(manifestFor(peer.origin, parts))), addresses(...found), JSON.stringify(m));
      }
    }
  });
  test('`more_from`: what is neither yes nor no fails', async () => {
    for (const m of [[], {}, 'maybe', 'https://there.example/2']) {
      await using peer = await startPeer(inTurn({ json: { people: people(1), m } }));
      const text = await why(peer, { paginate: { type: 'page', param: 'p', more_from: 'm' } });
      assert.match(text, /\(page 1\): m should say whether there is more, and is neither yes nor no: \{"people"/);
    }
  });
  test('`cursor_from`: more without a cursor fails', async () => {
    await using peer = await startPeer(inTurn({ json: { people: people(1), more: true, c: null } }));
    const paginate = { type: 'cursor', param: 'c', cursor_from: 'c', more_from: 'more' };
    assert.match(await why(peer, { paginate }), /\(page 1\): more says that there is more, and c has no cursor: /);
  });
  test('`next_page_from`: what is neither a text nor nothing fails', async () => {
    for (const [next, kind] of [
      [{ href: '/2' }, 'an object'],
      [['/2'], 'a list'],
      [true, 'true'],
    ] as const) {
      await using peer = await startPeer(inTurn({ json: { people: people(1), next } }));
      const text = await why(peer, { next_page_from: 'next' });
      assert.ok(text.includes(`(page 1): what should lead to the next page is ${kind}: `), text);
    }
  });
  test('signs of more are looked for on the last of several pages, too', async () => {
    await using peer = await startPeer(
      inTurn({ json: { people: people(1), next: '/2' } }, { json: { people: people(2), next: null, total: 500 } }),
    );
    const text = await why(peer, { next_page_from: 'next' });
    assert.match(text, /\(page 2\): the server has more pages than this manifest finds \("total" is 500\)/);
  });
});
