import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { addresses, emails, inTurn, manifestFor, people, rest, type Said, say, why } from './rest-service.ts';

suite('"pagination loops"', () => {
  const next = { next_page_from: 'next' };
  test('same request twice', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), next: count % 2 ? '/b' : '/people' } }),
    );
    assert.match(
      await why(peer, next),
      /^GET ORIGIN\/people \(page 3\): pagination loops: the same page is asked for again: /,
    );
  });

  test('same request twice: a link to itself', async () => {
    await using peer = await startPeer(inTurn({ json: { people: [], next: '/people' } }));
    assert.match(
      await why(peer, next),
      /^GET ORIGIN\/people \(page 2\): pagination loops: the same page is asked for again: /,
    );
    assert.equal(peer.requests.length, 2);
  });

  test('the same first record on two pages', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(1, 10 + count), next: `/p?${count}` } }),
    );
    assert.match(
      await why(peer, next),
      /^GET ORIGIN\/p \(page 2\): pagination loops: it begins with the same record as a page before: /,
    );
  });

  test('the same first record on two pages: a server that does not know the parameter', async () => {
    for (const type of ['page', 'offset']) {
      await using peer = await startPeer(inTurn({ json: { people: people(1, 2) } }));
      const text = await why(peer, { paginate: { type, param: 'p' } });
      assert.match(
        text,
        /^GET ORIGIN\/people \(page 2\): pagination loops: it begins with the same record as a page before: /,
      );
    }
  });

  test('the same first record far back', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people((count - 1) % 7), next: `/p?${count}` } }),
    );
    assert.match(await why(peer, next), /^GET ORIGIN\/p \(page 8\): pagination loops/);
  });

  test('ever new links to pages without records end at the cap', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: [], next: `/p?${count}` } }),
    );
    assert.match(
      await why(peer, next, { max_pages: 20 }),
      /^GET ORIGIN\/p \(page 20\): there is more behind page 20, where max_pages ends it/,
    );
    assert.equal(peer.requests.length, 20);
  });

  test('POST requests that differ in their body are not the same', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), c: count < 4 && count } }),
    );
    const execute = [{ url: `${peer.origin}/people`, data: {}, body_format: 'json' }];
    const paginate = { type: 'cursor', in: 'body', param: 'c', cursor_from: 'c' };
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { execute, paginate }))), addresses(1, 2, 3, 4));
  });
});

suite('`expect_total_from`', () => {
  const total = { expect_total_from: 'meta.total', paginate: { type: 'page', param: 'p' } };
  const page = (number: number, count: unknown, ...ids: number[]): Said => ({
    json: { people: people(...ids), meta: { total: count, number } },
  });

  test('a notation', async () => {
    for (const count of [3, '3']) {
      await using peer = await startPeer(inTurn(page(1, count, 1, 2), page(2, count, 3)));
      assert.deepEqual(await emails(rest(manifestFor(peer.origin, total))), addresses(1, 2, 3));
      assert.equal(peer.requests.length, 2);
    }
  });

  test('`header:X-Total-Count`', async () => {
    const headers = { 'x-total-count': '1' };
    await using peer = await startPeer(inTurn({ json: { people: people(1) }, headers }));
    assert.deepEqual(
      await emails(rest(manifestFor(peer.origin, { expect_total_from: 'header:X-Total-Count' }))),
      addresses(1),
    );
    assert.match(
      await why(peer, { expect_total_from: 'header: X-Total' }),
      /expected the number of records in header: X-Total, and got nothing there$/,
    );
  });

  test('a difference is re-read once: somebody came meanwhile', async () => {
    await using peer = await startPeer(inTurn(page(1, 3, 1, 2), page(2, 3), page(1, 3, 1, 2), page(2, 3, 3)));
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, total))), addresses(1, 2, 3));
    assert.equal(peer.requests.length, 4);
  });

  test('one that changes from page to page is a difference: whoever moved up is on neither', async () => {
    await using peer = await startPeer(inTurn(page(1, 4, 1, 2), page(2, 3, 4), page(1, 3, 2, 3), page(2, 3, 4)));
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, total))), addresses(2, 3, 4));
    await using other = await startPeer(({ count, query }, response) =>
      say(response, page(Number(query.get('p')), 10 - count, count)),
    );
    const text = 'GET ORIGIN/people (page 2): the server counted 7 records before, and counts 6 now';
    assert.equal(await why(other, total), text);
  });

  test('a difference is re-read once, then fails', async () => {
    for (const count of [2, 4]) {
      await using peer = await startPeer(({ query }, response) =>
        say(response, query.get('p') === '1' ? page(1, count, 1, 2, 3) : page(2, count)),
      );
      assert.match(
        await why(peer, total),
        new RegExp(`\\(page [12]\\): the server counts ${count} records, and gave 3$`),
      );
      assert.equal(peer.requests.length, count === 4 ? 4 : 2);
    }
  });

  test('nothing of the first reading is handed over', async () => {
    await using peer = await startPeer(inTurn(page(1, 2, 7), page(2, 2), page(1, 1, 8)));
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, total))), addresses(8));
  });

  test('what was read already is not handed over after an abort', async () => {
    const run = new AbortController();
    await using peer = await startPeer(inTurn(page(1, 2, 1), page(2, 2, 2)));
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { kind } of rest(manifestFor(peer.origin, total)).read({
        signal: run.signal,
        today: '2026-11-22',
      })) {
        seen.push(kind);
        run.abort();
      }
    })();
    await assert.rejects(reading, { message: 'source hr: the reading was broken off' });
    assert.deepEqual(seen, ['people']);
  });

  test('another error is not re-read', async () => {
    await using peer = await startPeer(inTurn(page(1, 2, 1), { status: 403 }));
    assert.match(await why(peer, total), /got status 403/);
    assert.equal(peer.requests.length, 2);
  });

  test('that tells no number is an error', async () => {
    for (const [count, shown] of [
      [null, 'nothing there'],
      ['many', '"many"'],
      [-1, '"-1"'],
      [1.5, '"1.5"'],
      [{}, 'nothing there'],
    ]) {
      await using peer = await startPeer(inTurn(page(1, count, 1)));
      assert.equal(
        await why(peer, total),
        `GET ORIGIN/people (page 1): expected the number of records in meta.total, and got ${shown}`,
      );
    }
  });

  test('of 0 may do without a list, and no other may', async () => {
    for (const [count, found] of [
      [0, []],
      [1, undefined],
    ] as const) {
      await using peer = await startPeer(inTurn({ json: { meta: { total: count } } }));
      if (found) assert.deepEqual(await emails(rest(manifestFor(peer.origin, total))), found);
      else assert.match(await why(peer, total), /^GET ORIGIN\/people \(page 1\): Notation 'people' not in /);
    }
  });

  test('counts what the filter leaves out, too', async () => {
    await using peer = await startPeer(inTurn(page(1, 3, 1, 2, 3)));
    const parts = { ...total, filter: { field: 'id', equals: 2 } };
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, parts))), addresses(2));
  });
});

suite('A lone page that shows signs of more', () => {
  const WAY = 'describe them with paginate or next_page_from; if this is all there is, set single_page: true';
  const list = people(1, 2);
  /** As real services answer, the list in `data_from`. */
  const signs: [service: string, body: Record<string, unknown>, data_from: string, sign: string][] = [
    [
      'Microsoft Graph',
      { '@odata.nextLink': 'https://graph.example/?$skiptoken=x', value: list },
      'value',
      `"@odata.nextLink" is "https://graph.example/?$skiptoken=x"`,
    ],
    ['OData 3', { 'odata.nextLink': 'p?x', value: list }, 'value', `"odata.nextLink" is "p?x"`],
    [
      'OData 2',
      { d: { results: list, __next: 'https://s.example/?$skip=2' } },
      'd.results',
      `"__next" is "https://s.example/?$skip=2"`,
    ],
    ['OData, counted', { '@odata.count': 3, value: list }, 'value', `"@odata.count" is 3`],
    ['Google', { users: list, nextPageToken: 'abc' }, 'users', `"nextPageToken" is "abc"`],
    ['SCIM', { Resources: list, totalResults: 5, itemsPerPage: 2, startIndex: 1 }, 'Resources', `"totalResults" is 5`],
    [
      'Slack',
      { members: list, response_metadata: { next_cursor: 'dXNlcg==' } },
      'members',
      `"next_cursor" is "dXNlcg=="`,
    ],
    [
      'HubSpot',
      { results: list, paging: { next: { after: '2', link: '?after=2' } } },
      'results',
      `"next" is {"after":"2","link":"?after=2"}`,
    ],
    ['Salesforce', { records: list, totalSize: 3, done: false }, 'records', `"totalSize" is 3`],
    [
      'Zoho',
      { users: list, info: { more_records: true, page: 1, per_page: 2, count: 2 } },
      'users',
      `"more_records" is true`,
    ],
    ['Jira', { values: list, isLast: false, maxResults: 2 }, 'values', `"isLast" is false`],
    [
      'Django REST',
      { count: 3, next: 'https://d.example/?page=2', previous: null, results: list },
      'results',
      `"count" is 3`,
    ],
    ['JSON:API', { data: list, links: { self: '/', next: '/2' }, meta: {} }, 'data', `"next" is "/2"`],
    ['JSON:API, nested', { data: list, meta: { page: { total: 3, number: 1 } } }, 'data', `"total" is 3`],
    [
      'Laravel',
      { data: list, meta: { pagination: { total: 2, count: 2, total_pages: 2 } } },
      'data',
      `"total_pages" is 2`,
    ],
    [
      'Laravel, links',
      { data: list, meta: { pagination: { total: 2, links: { next: 'x' } } } },
      'data',
      `"next" is "x"`,
    ],
    ['Spring', { content: list, last: false, number: 0 }, 'content', `"last" is false`],
    [
      'HAL',
      { _embedded: { people: list }, _links: { next: { href: '/2' } } },
      '_embedded.people',
      `"next" is {"href":"/2"}`,
    ],
    [
      'HAL, counted',
      { _embedded: { people: list }, page: { size: 2, totalElements: 3, number: 0 } },
      '_embedded.people',
      `"totalElements" is 3`,
    ],
    [
      'GraphQL',
      { data: { users: { nodes: list, pageInfo: { hasNextPage: true, endCursor: 'x' } } } },
      'data.users.nodes',
      `"hasNextPage" is true`,
    ],
    ['Stripe', { object: 'list', data: list, has_more: true }, 'data', `"has_more" is true`],
    [
      'Personio',
      { data: list, metadata: { total_elements: 2, current_page: 0, total_pages: 3 } },
      'data',
      `"total_pages" is 3`,
    ],
    ['page 1 of 3', { data: list, page: 1, pages: 3 }, 'data', `"pages" is 3`],
    ['text for numbers', { data: list, total: '3' }, 'data', `"total" is "3"`],
    ['nobody of five', { data: [], total: 5 }, 'data', `"total" is 5`],
  ];
  for (const [service, json, data_from, sign] of signs) {
    test(service, async () => {
      await using peer = await startPeer(inTurn({ json }));
      const text = `GET ORIGIN/people (page 1): the server has more pages than this manifest reads (${sign}); ${WAY}`;
      assert.equal(await why(peer, { data_from }), text);
      const data_structure = { email: 'email' };
      const source = rest(manifestFor(peer.origin, { data_from, data_structure, single_page: true }));
      assert.equal((await readAll(source)).rows.people, service === 'nobody of five' ? 0 : 2, 'single_page: true');
    });
  }

  test('and the last of several that does: one that names no next page, and yet says that there is more', async () => {
    const said = { has_more: true, total: 3, total_pages: 3, pages: 4 };
    for (const [key, value] of Object.entries(said)) {
      await using peer = await startPeer(({ count }, response) =>
        say(response, { json: { people: people(count), next: count === 1 ? '/p' : null, [key]: value } }),
      );
      const text = `GET ORIGIN/p (page 2): the server has more pages than this manifest finds ("${key}" is ${value}); ${WAY}`;
      assert.equal(await why(peer, { next_page_from: 'next' }), text);
    }
  });

  test('is no false alarm: the last of several, which counts what there is', async () => {
    const counts = {
      total: 3,
      total_pages: 3,
      pages: 3,
      has_more: false,
      last_page: 3,
      meta: { pagination: { total: 3, count: 1 } },
    };
    const headers = { 'x-total': '3', 'x-total-pages': '3', 'content-range': 'items 2-2/3' };
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), ...counts, next: count < 3 ? `/p?${count}` : null }, headers }),
    );
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { next_page_from: 'next' }))), addresses(1, 2, 3));
  });

  test('`single_page: true` silences the truncation guard, and no other', async () => {
    await using peer = await startPeer(inTurn({ json: { people: list, has_more: true, total: 3 } }));
    assert.match(await why(peer), /^GET ORIGIN\/people \(page 1\): the server has more pages than this manifest reads/);
    const parts = { single_page: true };
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, parts))), addresses(1, 2));
    assert.match(await why(peer, { ...parts, expect_total_from: 'total' }), /the server counts 3 records, and gave 2$/);
  });

  const headers: [what: string, headers: Record<string, string>, sign: string][] = [
    [
      'Link next',
      { link: '<https://o.example/?after=x>; rel="next"' },
      'its Link header names a next page: "<https://o.example/?after=x>; rel=\\"next\\""',
    ],
    ['X-Total-Count', { 'x-total-count': '3' }, 'x-total-count is "3"'],
    ['X-Total', { 'x-total': '30' }, 'x-total is "30"'],
    ['X-Total-Pages', { 'x-total-pages': '2' }, 'x-total-pages is "2"'],
    ['X-Next-Page', { 'x-next-page': '2' }, 'x-next-page is "2"'],
    ['Content-Range', { 'content-range': 'items 0-1/3' }, 'content-range is "items 0-1/3"'],
  ];
  for (const [what, some, sign] of headers) {
    test(`in its headers: ${what}`, async () => {
      await using peer = await startPeer(inTurn({ json: list, headers: some }));
      const text = `GET ORIGIN/people (page 1): the server has more pages than this manifest reads (${sign}); ${WAY}`;
      assert.equal(await why(peer, { data_from: '' }), text);
    });
  }

  const ordinary: [what: string, said: Said, data_from: string][] = [
    ['a list alone', { json: list }, ''],
    ['BambooHR', { json: { title: 'Report', fields: [{ id: 'next', name: 'Next' }], employees: list } }, 'employees'],
    [
      'nothing behind it',
      { json: { data: list, next: null, next_cursor: '', has_more: false, total: 2, last: true, pages: 1 } },
      'data',
    ],
    [
      'links to nowhere',
      { json: { data: list, links: { self: '/people', first: '/people', last: '/people', next: null, prev: null } } },
      'data',
    ],
    ['a link of HAL to nowhere', { json: { data: list, _links: { next: { href: null } } } }, 'data'],
    ['SCIM, complete', { json: { Resources: list, totalResults: 2, itemsPerPage: 100, startIndex: 1 } }, 'Resources'],
    ['Google, complete', { json: { kind: 'users', users: list } }, 'users'],
    ['Slack, complete', { json: { ok: true, members: list, response_metadata: { next_cursor: '' } } }, 'members'],
    [
      'Spring, complete',
      { json: { content: list, last: true, totalPages: 1, totalElements: 2, number: 0, numberOfElements: 2 } },
      'content',
    ],
    [
      'people who have such fields',
      { json: { data: people(1).map(one => ({ ...one, next: 'x', total: 9, has_more: true })) } },
      'data',
    ],
    [
      'a count beside other things',
      { json: { data: list, info: { version: 3 }, limit: 100, page: 1, per_page: 100, offset: 0 } },
      'data',
    ],
    [
      'headers of an ordinary server',
      {
        json: list,
        headers: {
          link: '</style.css>; rel=preload, </people>; rel="first last"',
          'x-total-count': '2',
          'x-next-page': '',
          'x-total-pages': '1',
          'content-range': 'items 0-1/2',
        },
      },
      '',
    ],
    ['nobody at all', { json: { data: [], total: 0, next: null } }, 'data'],
  ];
  for (const [what, said, data_from] of ordinary) {
    test(`is no false alarm: ${what}`, async () => {
      await using peer = await startPeer(inTurn(said));
      await readAll(rest(manifestFor(peer.origin, { data_from })));
    });
  }

  test('in a manifest whose paging does not find them', async () => {
    const ways = [
      { next_page_from: 'paging.nxt' },
      { paginate: { type: 'link' } },
      { paginate: { type: 'cursor', param: 'c', cursor_from: 'paging.cursr' } },
      { paginate: { type: 'cursor', param: 'c', cursor_from: 'paging.next', more_from: 'paging.hasmore' } },
      { paginate: { type: 'page', param: 'c', more_from: 'paging.hasmore' } },
      { paginate: { type: 'offset', param: 'c', more_from: 'paging.hasmore' } },
    ];
    for (const parts of ways) {
      await using peer = await startPeer(inTurn({ json: { people: list, paging: { next: 'x', has_more: true } } }));
      const text = `GET ORIGIN/people (page 1): the server has more pages than this manifest finds ("next" is "x"); ${WAY}`;
      assert.equal(await why(peer, parts), text, JSON.stringify(parts));
    }
  });

  test('where the list is asked for each record, on each of them', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, {
        json: path === '/units' ? { units: [{ id: 'A' }, { id: 'B' }] } : { people: list, has_more: path === '/B' },
      }),
    );
    const parts = {
      for_each: 'departments',
      execute: [{ url: `${peer.origin}/{{ item.id }}`, method: 'GET' }],
      departments: {
        execute: [{ url: `${peer.origin}/units`, method: 'GET' }],
        data_from: 'units',
        data_structure: { group_no: 'id' },
      },
    };
    assert.match(
      await why(peer, parts),
      /^GET ORIGIN\/B \(page 1\): the server has more pages than this manifest reads \("has_more" is true\)/,
    );
  });
});
