import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { temporaryFolder } from '../support/folder.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll, whyNot } from './configured.ts';
import { inTurn, manifestFor, people, rest, say, why } from './rest-service.ts';

/** What a service says that does not fit is broken or a failure, and never taken for an answer. */

const one = (record: object) => inTurn({ json: { people: [{ email: 'a@b.example', ...record }] } });

suite('what does not fit', () => {
  test('a value object does not take an object for nothing, and keeps null', async () => {
    const data_structure = {
      email: 'email',
      phone1: { from: 'p', default: '0' },
      phone2: { from: 'q', transform: 'trim' },
    };
    await using peer = await startPeer(one({ p: { mobile: '1' }, q: null }));
    const [person] = (await readAll(rest(manifestFor(peer.origin, { data_structure })))).people;
    assert.deepEqual(person?.fields, { email: 'a@b.example', username: 'a@b.example' });
    assert.deepEqual(
      person?.broken.map(({ field, why }) => `${field} ${why}`),
      ['phone1 is no text, but an object or a list within a list; the manifest must name one value in it'],
    );
    assert.deepEqual(person?.blanks, ['phone2']);
  });

  test('`active`: who lacks what they would have to say is not judged, and stays', async () => {
    for (const [active, record, expected] of [
      [{ field: 'status', equals: 'Active' }, {}, [true, '"status" is not in the record']],
      [{ any: [{ field: 'status', in: ['A', 'B'] }] }, { status: { id: 1 } }, [true, /no text, but an object/]],
      [{ field: 'status', equals: 'Active' }, { status: 'Gone' }, [false]],
      [{ not: { field: 'deleted', equals: true } }, {}, [true]],
      [{ field: 'left', empty: true }, {}, [true]],
    ] as const) {
      await using peer = await startPeer(one(record));
      const [person] = (await readAll(rest(manifestFor(peer.origin, { active })))).people;
      assert.equal(person?.active, expected[0], JSON.stringify(active));
      const why = person?.broken.map(broken => broken.why).join();
      if (expected[1] === undefined) assert.equal(why, '');
      else assert.match(why ?? '', new RegExp(expected[1]));
    }
  });

  test('`expect` looks at all records, also at those that the filter leaves out', async () => {
    const list = people(1, 2, 3, 4, 5, 6, 7, 8).map((person, place) => ({
      ...person,
      ...(place < 4 ? { status: 'A' } : {}),
    }));
    await using peer = await startPeer(inTurn({ json: { people: list } }));
    const manifest = manifestFor(peer.origin, {
      data_structure: { email: 'email', status: 'status' },
      filter: { field: 'status', equals: 'A' },
    });
    const text = await whyNot(rest(manifest, { expect: { fields: ['status'] } }));
    assert.match(text, /^"status" is missing in 4 of 8 rows, and may be in 3; has its account lost a permission\?$/);
  });

  test('members that are no names fail the read', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, { json: path === '/d' ? { list: [{ id: 'RD', m: [{ who: 1 }] }] } : { people: people(1) } }),
    );
    const departments = {
      execute: [{ url: `${peer.origin}/d`, method: 'GET' }],
      data_from: 'list',
      data_structure: { group_no: 'id', members: 'm' },
    };
    assert.equal(await why(peer, { departments }), 'the members of department "RD" are no list of names or ids');
  });
});

suite('what must stay at home', () => {
  test('a body is not sent to an origin that the manifest does not name', async () => {
    await using other = await startPeer((_request, response) => say(response, { json: { people: [] } }));
    await using peer = await startPeer(inTurn({ status: 307, headers: { location: `${other.origin}/steal` } }));
    const execute = [{ url: `${peer.origin}/people`, method: 'POST', data: { password: 'se-cret' } }];
    const text = await why(peer, { execute }, { allow_hosts: [other.origin] });
    assert.ok(text.endsWith(`would send its body to ${other.origin}, which the manifest does not name itself`), text);
    assert.equal(other.requests.length, 0);
  });

  test('a text of an answer that is used is masked, whatever it is called', async () => {
    await using peer = await startPeer(({ path }, response) =>
      path === '/login'
        ? say(response, { json: { auth: 'tok-9f8e7d6c5b4a' } })
        : say(response, { status: 400, json: { bad: 'session=tok-9f8e7d6c5b4a' } }),
    );
    const execute = [
      { url: `${peer.origin}/login`, method: 'POST' },
      { url: `${peer.origin}/of/{{ responses.0.auth }}`, method: 'GET' },
    ];
    const text = await why(peer, { execute });
    assert.match(text, /\/of\/\*\*\* \(page 1\): expected a success, and got status 400: \{"bad":"session=\*\*\*"\}$/);
  });

  test('tokens of another service or account are none', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'x.tokens');
    await using peer = await startPeer(({ path, headers }, response) =>
      path === '/token'
        ? say(response, { json: { access_token: 'fresh-token' } })
        : say(response, { json: { people: headers.authorization === 'Bearer fresh-token' ? people(1) : [] } }),
    );
    const manifest = (scope: string) =>
      manifestFor(peer.origin, {
        headers: { Authorization: 'Bearer {{ oauth.access_token }}' },
        oauth: { access_token: { url: `${peer.origin}/token`, data: { scope } } },
      });
    const paths = () => peer.requests.map(({ path }) => path).join(' ');
    await readAll(rest(manifest('a'), { tokens }));
    await readAll(rest(manifest('a'), { tokens }));
    assert.equal(paths(), '/token /people /people');
    await readAll(rest(manifest('b'), { tokens }));
    assert.equal(paths(), '/token /people /people /token /people');
    await writeFile(tokens, JSON.stringify({ response: { access_token: 'theirs' }, of: 'somebody else' }));
    assert.equal((await readAll(rest(manifest('b'), { tokens }))).people.length, 1);
  });

  test('templates are rendered in the keys of `data`, too, and checked there', async () => {
    await using peer = await startPeer(inTurn({ json: { people: people(1) } }));
    const manifest = (key: string) =>
      manifestFor(peer.origin, { execute: [{ url: `${peer.origin}/people`, data: { [key]: 'v' } }] });
    await readAll(rest(manifest('x{{ FIELD }}'), { values: { FIELD: 'a b' } }));
    assert.equal(peer.requests[0]?.body, 'xa+b=v');
    assert.throws(
      () => rest(manifest('{{ NOPE }}')),
      /execute\[0\]\.data\.\{\{ NOPE \}\}: \{\{ NOPE \}\} is not known here/,
    );
  });
});
