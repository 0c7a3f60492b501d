import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { jwtVerify } from 'jose';
import { temporaryFolder } from '../support/folder.ts';
import { type Peer, type PeerRequest, startPeer } from '../support/http-peer.ts';
import { readAll, whyNot } from './configured.ts';
import { MIDNIGHT, manifestFor, people, rest, type Said, say, TestClock } from './rest-service.ts';

const PAGES = 3;
const values = { CLIENT_ID: 'client', CLIENT_SECRET: 'sec ret' };
const FORM_OF = [{ id: 'CLIENT_ID' }, { id: 'CLIENT_SECRET' }, { id: 'KEY', type: 'generate' }];
const bearer = { Authorization: 'Bearer {{ oauth.access_token }}' };
const credentials = {
  grant_type: 'client_credentials',
  client_id: '{{ CLIENT_ID }}',
  client_secret: '{{ CLIENT_SECRET }}',
};
const refreshing = { grant_type: 'refresh_token', refresh_token: '{{ oauth.refresh_token }}' };

interface Service {
  /** What the token request is answered; `turn` counts from 1. */
  readonly token?: (turn: number, request: PeerRequest) => Said;
  /** Whether a token is taken for the list; the last one that was given, if this is left out. */
  readonly takes?: (authorization: string, request: PeerRequest) => boolean;
  readonly clock?: TestClock;
  /** Seconds that reading one page takes. */
  readonly slow?: number;
}

/** A service that gives tokens at /token, and three pages of people to whoever has the last one. */
async function startService({ token, takes, clock, slow = 0 }: Service = {}) {
  let turn = 0;
  const given: Said[] = [];
  const peer = await startPeer((request, response) => {
    if (request.path === '/token') {
      turn += 1;
      const said = token?.(turn, request) ?? { json: { access_token: `access-${turn}`, expires_in: 3600 } };
      given.push(said);
      return say(response, said);
    }
    const last = (given.at(-1)?.json as { access_token?: string } | undefined)?.access_token;
    const authorization = request.headers.authorization ?? '';
    if (!(takes?.(authorization, request) ?? authorization === `Bearer ${last}`))
      return say(response, { status: 401, text: `who is ${authorization}?` });
    if (clock) clock.time += slow * 1000;
    const page = Number(request.query.get('page') ?? 1);
    say(response, { json: { people: people(page), next: page < PAGES ? `?page=${page + 1}` : null } });
  });
  return peer;
}

const asked = (peer: Peer) =>
  peer.requests.map(({ path, body, headers }) => (path === '/token' ? `token ${body}` : (headers.authorization ?? '')));

function source(
  peer: Peer,
  oauth: Record<string, unknown>,
  { clock = new TestClock(), settings = {}, parts = {} } = {},
) {
  const access_token = { url: `${peer.origin}/token`, data: credentials };
  const manifest = manifestFor(peer.origin, {
    headers: bearer,
    next_page_from: 'next',
    oauth: { access_token, ...oauth },
    ...parts,
  });
  return rest({ ...manifest, initial_data_form: FORM_OF }, { values, ...settings }, clock);
}

const refresh = (peer: Peer) => ({ refresh: { url: `${peer.origin}/token`, data: refreshing } });
const FORM = 'token grant_type=client_credentials&client_id=client&client_secret=sec+ret';

suite('`oauth` without `authenticate_url`: headless', () => {
  test('client credentials: the token response is `{{ oauth.* }}`', async () => {
    await using peer = await startService();
    assert.equal((await readAll(source(peer, {}))).people.length, PAGES);
    assert.deepEqual(asked(peer), [FORM, 'Bearer access-1', 'Bearer access-1', 'Bearer access-1']);
  });

  test('the headers of the manifest go along, but for the one with the token that is asked for', async () => {
    await using peer = await startService();
    await readAll(source(peer, {}, { parts: { headers: { ...bearer, 'X-A': 'a' } } }));
    assert.deepEqual([peer.requests[0]?.headers.authorization, peer.requests[0]?.headers['x-a']], [undefined, 'a']);
  });

  test('login with Basic and JSON, the token somewhere in the answer', async () => {
    await using peer = await startService({
      token: () => ({ json: { data: { token: 'deep-1' } } }),
      takes: authorization => authorization === 'Token deep-1',
    });
    const access_token = {
      url: `${peer.origin}/token`,
      headers: { Authorization: 'Basic {{ CLIENT_ID }}:{{ CLIENT_SECRET }}' },
      data: { a: { b: 1 } },
      body_format: 'json',
    };
    await readAll(
      source(peer, { access_token }, { parts: { headers: { Authorization: 'Token {{ oauth.data.token }}' } } }),
    );
    assert.equal(peer.requests[0]?.headers.authorization, `Basic ${Buffer.from('client:sec ret').toString('base64')}`);
    assert.equal(peer.requests[0]?.body, '{"a":{"b":1}}');
  });

  test('each run logs in anew, unless its tokens are kept', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startService();
    const settings = { tokens: join(folder.path, 'tokens') };
    await readAll(source(peer, {}, { settings }));
    await readAll(source(peer, {}, { settings }));
    assert.equal(asked(peer).filter(one => one === FORM).length, 1);
    await readAll(source(peer, {}));
    assert.equal(asked(peer).filter(one => one === FORM).length, 2);
  });

  test('a login that fails fails the run, and names its request', async () => {
    await using peer = await startService({
      token: () => ({ status: 400, json: { error: 'unauthorized', hint: 'sec ret' } }),
    });
    const text = `POST ${peer.origin}/token: expected a success, and got status 400: {"error":"unauthorized","hint":"***"}`;
    assert.equal(await whyNot(source(peer, {})), text);
    assert.equal(peer.requests.length, 1);
  });

  test('a login that fails with status 200 fails the run', async () => {
    await using peer = await startService({ token: () => ({ json: { error: 'bad_verification_code' } }) });
    assert.equal(
      await whyNot(source(peer, {})),
      `POST ${peer.origin}/token: expected tokens, and got an error: {"error":"bad_verification_code"}`,
    );
  });

  test('a login is tried again like any other request', async () => {
    await using peer = await startService({
      token: turn => (turn === 1 ? { status: 503 } : { json: { access_token: 'a' } }),
    });
    assert.equal((await readAll(source(peer, {}))).people.length, PAGES);
  });

  test('an answer without the token that is needed is told without any that it has', async () => {
    await using peer = await startService({ token: () => ({ json: { id_token: 'id-token-77' } }) });
    assert.equal(await whyNot(source(peer, {})), 'a request cannot be made: {{ oauth.access_token }} has no value');
  });

  test('an answer that is no JSON is not quoted: it may hold the token', async () => {
    await using peer = await startService({
      token: () => ({
        text: 'access_token=tok-5&token_type=bearer',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    });
    const text = await whyNot(source(peer, {}));
    assert.equal(text, `POST ${peer.origin}/token: expected JSON, and got application/x-www-form-urlencoded`);
  });
});

suite('Tokens are refreshed', () => {
  test('60 s early', async () => {
    for (const [seconds, logins] of [
      [181, 1],
      [180, 2],
      [61, 2],
    ] as const) {
      const clock = new TestClock();
      await using peer = await startService({
        clock,
        slow: 60,
        token: turn => ({ json: { access_token: `access-${turn}`, expires_in: turn === 1 ? seconds : 9999 } }),
      });
      assert.equal((await readAll(source(peer, {}, { clock }))).people.length, PAGES);
      assert.equal(asked(peer).filter(one => one === FORM).length, logins, `${seconds} s`);
    }
  });

  test('60 s early, with `refresh`; the answer may leave out what has not changed', async () => {
    const clock = new TestClock();
    await using peer = await startService({
      clock,
      slow: 100,
      token: turn => ({
        json: {
          access_token: `access-${turn}`,
          expires_in: 150,
          ...(turn === 1 ? { refresh_token: 'refresh-1' } : {}),
        },
      }),
    });
    await readAll(source(peer, refresh(peer), { clock }));
    const again = 'token grant_type=refresh_token&refresh_token=refresh-1';
    assert.deepEqual(asked(peer), [FORM, 'Bearer access-1', again, 'Bearer access-2', again, 'Bearer access-3']);
  });

  test('`expires_in_from` tells when', async () => {
    const clock = new TestClock();
    await using peer = await startService({
      clock,
      slow: 100,
      token: turn => ({ json: { access_token: `access-${turn}`, life: { s: '150' } } }),
    });
    await readAll(source(peer, { expires_in_from: 'life.s' }, { clock }));
    assert.equal(asked(peer).filter(one => one === FORM).length, 3);
  });

  test('once on 401, and the request is made again', async () => {
    await using peer = await startService({ takes: authorization => authorization === 'Bearer access-2' });
    assert.equal((await readAll(source(peer, {}))).people.length, PAGES);
    assert.deepEqual(asked(peer), [
      FORM,
      'Bearer access-1',
      FORM,
      'Bearer access-2',
      'Bearer access-2',
      'Bearer access-2',
    ]);
  });

  test('once on 401 in the middle of the list', async () => {
    await using peer = await startService({
      takes: (authorization, { query }) =>
        authorization === (query.get('page') ? 'Bearer access-2' : 'Bearer access-1'),
    });
    assert.equal((await readAll(source(peer, refresh(peer), {}))).people.length, PAGES);
  });

  test('once on 401, and then the run fails, telling no token', async () => {
    await using peer = await startService({ takes: () => false });
    const text = `GET ${peer.origin}/people (page 1): expected a success, and got status 401: who is Bearer ***?`;
    assert.equal(await whyNot(source(peer, {})), text);
    assert.deepEqual(asked(peer), [FORM, 'Bearer access-1', FORM, 'Bearer access-2']);
  });

  test('not on 403, nor on a 401 that the manifest takes', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, path === '/token' ? { json: { access_token: 'a' } } : { status: 403, text: 'no' }),
    );
    assert.match(await whyNot(source(peer, {})), /got status 403: no$/);
    assert.equal(peer.requests.length, 2);
    await using other = await startPeer(({ path }, response) =>
      say(response, path === '/token' ? { json: { access_token: 'a' } } : { status: 401, json: { people: [] } }),
    );
    await readAll(source(other, {}, { parts: { execute: [{ url: `${other.origin}/people`, status_code: [401] }] } }));
    assert.equal(other.requests.length, 2);
  });

  test('once for all that are asked at the same time', async () => {
    await using peer = await startService({
      takes: (authorization, { path }) => path === '/people' || authorization === 'Bearer access-2',
    });
    const execute = [
      { url: `${peer.origin}/people`, method: 'GET' },
      { url: `${peer.origin}/one/{{ item.id }}`, method: 'GET', headers: bearer },
    ];
    const parts = { execute, for_each: 'self', record_from: 'people.0' };
    assert.equal((await readAll(source(peer, {}, { parts }))).people.length, PAGES);
    assert.equal(asked(peer).filter(one => one === FORM).length, 2);
  });

  test('not again for whoever was refused with the tokens before', async () => {
    const renewed = Promise.withResolvers<void>();
    let turn = 0;
    await using peer = await startPeer(async ({ path, headers }, response) => {
      const isNew = headers.authorization === 'Bearer access-2';
      if (path === '/token') {
        turn += 1;
        return say(response, { json: { access_token: `access-${turn}` } });
      }
      if (path === '/people') return say(response, { json: { people: people(1, 2) } });
      if (isNew) renewed.resolve();
      // The second one hears of its refusal when the first has its new token already.
      else if (path === '/one/2') await renewed.promise;
      return say(response, isNew ? { json: people(Number(path.at(-1)))[0] } : { status: 401 });
    });
    const execute = [
      { url: `${peer.origin}/people`, method: 'GET' },
      { url: `${peer.origin}/one/{{ item.id }}`, method: 'GET' },
    ];
    const { people: found } = await readAll(source(peer, {}, { parts: { execute, for_each: 'self' } }));
    assert.deepEqual([found.length, turn], [2, 2]);
  });

  test('a failing refresh fails the run', async () => {
    const clock = new TestClock();
    await using peer = await startService({
      clock,
      slow: 100,
      token: turn =>
        turn === 1
          ? { json: { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 150 } }
          : { status: 400, json: { error: 'invalid_grant', of: 'refresh-1' } },
    });
    const text = `POST ${peer.origin}/token: expected a success, and got status 400: {"error":"invalid_grant","of":"***"}`;
    assert.equal(await whyNot(source(peer, refresh(peer), { clock })), text);
    assert.deepEqual(asked(peer), [FORM, 'Bearer access-1', 'token grant_type=refresh_token&refresh_token=refresh-1']);
  });
});

suite('The file of the tokens', () => {
  test('is 0600, and has the refresh token of the last answer', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'deep', 'er', 'hr.tokens');
    const clock = new TestClock();
    await using peer = await startService({
      clock,
      slow: 100,
      token: turn => ({ json: { access_token: `access-${turn}`, refresh_token: `r-${turn}`, expires_in: 150 } }),
    });
    await readAll(source(peer, refresh(peer), { clock, settings: { tokens } }));
    assert.equal((await stat(tokens)).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(await readFile(tokens, 'utf8')).response, {
      access_token: 'access-3',
      refresh_token: 'r-3',
      expires_in: 150,
    });
    await readAll(source(peer, refresh(peer), { clock, settings: { tokens } }));
    const used = asked(peer)
      .filter(one => one.startsWith('token'))
      .map(one => one.split('=').at(-1));
    assert.deepEqual(used, ['sec+ret', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5']);
  });

  test('that others may read is not used', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'hr.tokens');
    await writeFile(tokens, '{"response":{"access_token":"tok-9"}}');
    await chmod(tokens, 0o640);
    await using peer = await startService();
    assert.equal(
      await whyNot(source(peer, {}, { settings: { tokens } })),
      `${tokens} can be read by others than its owner; run: chmod 600 ${tokens}`,
    );
    assert.equal(peer.requests.length, 0);
  });

  test('that holds none is told as such', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'hr.tokens');
    await using peer = await startService();
    for (const text of ['', 'null', '{}', 'tok-9', '{"response"']) {
      await writeFile(tokens, text, { mode: 0o600 });
      assert.equal(
        await whyNot(source(peer, {}, { settings: { tokens } })),
        `${tokens} holds no tokens; remove it, and authorize again`,
      );
    }
  });

  test('that cannot be written fails the run: the service may have changed them', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'file', 'hr.tokens');
    await writeFile(join(folder.path, 'file'), '');
    await using peer = await startService();
    assert.match(await whyNot(source(peer, {}, { settings: { tokens } })), /hr\.tokens|ENOTDIR|EEXIST/);
  });

  test('is forgotten when a refresh fails that needs nobody: the next run logs in', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'hr.tokens');
    await writeFile(
      tokens,
      JSON.stringify({ response: { access_token: 'old', refresh_token: 'r-0' }, expires: MIDNIGHT }),
      { mode: 0o600 },
    );
    await using peer = await startService({
      token: (turn, { body }) =>
        body.includes('r-0') ? { status: 400, text: 'expired' } : { json: { access_token: `access-${turn}` } },
    });
    assert.match(await whyNot(source(peer, refresh(peer), { settings: { tokens } })), /got status 400: expired$/);
    assert.equal((await readAll(source(peer, refresh(peer), { settings: { tokens } }))).people.length, PAGES);
  });
});

suite('`authenticate_url`', () => {
  const login = { authenticate_url: 'https://login.example/?c={{ CLIENT_ID }}' };
  test('without tokens, says which command gets them', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startService();
    const text = 'is not authorized yet; run: rosterd manifest authorize FILE, with the file of its manifest';
    assert.equal(await whyNot(source(peer, login, { settings: { tokens: join(folder.path, 't') } })), text);
    assert.equal(peer.requests.length, 0);
  });

  test('with tokens that have expired and no `refresh`, says so', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'hr.tokens');
    await writeFile(tokens, JSON.stringify({ response: { access_token: 'old' }, expires: MIDNIGHT + 59_000 }), {
      mode: 0o600,
    });
    await using peer = await startService();
    const text = 'its tokens are refused or have expired, and its manifest has no refresh; authorize it again';
    assert.equal(await whyNot(source(peer, login, { settings: { tokens } })), text);
  });

  test('a failing refresh keeps the tokens: nobody can log in by themselves', async () => {
    await using folder = await temporaryFolder();
    const tokens = join(folder.path, 'hr.tokens');
    const text = JSON.stringify({ response: { access_token: 'old', refresh_token: 'r-0' }, expires: MIDNIGHT });
    await writeFile(tokens, text, { mode: 0o600 });
    await using peer = await startService({ token: () => ({ status: 400, text: 'expired' }) });
    await whyNot(source(peer, { ...login, ...refresh(peer) }, { settings: { tokens } }));
    assert.equal(await readFile(tokens, 'utf8'), text);
  });
});

suite('No token stands in a message', () => {
  test('wherever the answer had it, whoever repeats it', async () => {
    for (const response of [
      { access_token: 'T-77777' },
      { access_token: 'T-77777', refresh_token: 'R-77777', id_token: 'I-77777' },
      { access_token: 'T-77777', data: [{ sessionKey: 'S-77777' }] },
      { access_token: 'T-77777', whatever: 'a-long-text-that-may-be-one' },
    ]) {
      const all = JSON.stringify(response).match(/[TRIS]-77777|a-long[\w-]+/g) ?? [];
      await using peer = await startPeer(({ path }, response_) =>
        say(response_, path === '/token' ? { json: response } : { status: 400, text: `bad: ${all.join(' ')}` }),
      );
      await assert.rejects(readAll(source(peer, {})), (error: Error) => {
        for (const one of all) assert.ok(!inspect(error, { depth: 9 }).includes(one), inspect(error));
        return true;
      });
    }
  });

  test('and yet where a service says to ask is no secret', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(
        response,
        path === '/token' ? { json: { access_token: 't', api_domain: peer.origin } } : { status: 400, text: 'no' },
      ),
    );
    const execute = [{ url: '{{ oauth.api_domain }}/people' }];
    assert.equal(
      await whyNot(source(peer, {}, { parts: { execute } })),
      `POST ${peer.origin}/people (page 1): expected a success, and got status 400: no`,
    );
  });
});

suite('`jwt {alg, key, claims, ttl}` defines `{{ JWT }}`', () => {
  const claims = { iss: '{{ CLIENT_ID }}', sub: 'a@x.example', n: 7, scopes: ['{{ CLIENT_ID }}', 'b'] };
  const bearerJwt = { Authorization: 'Bearer {{ JWT }}' };
  const alone = (
    peer: Peer,
    jwt: Record<string, unknown>,
    clock = new TestClock(),
    more: Record<string, string> = {},
  ) =>
    rest(
      manifestFor(peer.origin, {
        headers: bearerJwt,
        next_page_from: 'next',
        oauth: { jwt },
        initial_data_form: FORM_OF,
      }),
      { values: { ...values, ...more } },
      clock,
    );
  const sent = (peer: Peer) => peer.requests.map(({ headers }) => (headers.authorization ?? '').replace('Bearer ', ''));
  const currentDate = new Date(MIDNIGHT);

  test('signed with a private key, its claims filled in', async () => {
    for (const alg of ['RS256', 'PS256', 'ES256']) {
      const { privateKey, publicKey } =
        alg === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      for (const KEY of [pem, pem.replaceAll('\n', '\\n')]) {
        await using peer = await startService({ takes: () => true });
        await readAll(alone(peer, { alg, key: '{{ KEY }}', claims, ttl: 600 }, new TestClock(), { KEY }));
        const [token = ''] = sent(peer);
        const { payload, protectedHeader } = await jwtVerify(token, publicKey, { currentDate });
        assert.deepEqual(protectedHeader, { alg, typ: 'JWT' });
        const now = MIDNIGHT / 1000;
        assert.deepEqual(payload, {
          iss: 'client',
          sub: 'a@x.example',
          n: 7,
          scopes: ['client', 'b'],
          iat: now,
          exp: now + 600,
        });
      }
    }
  });

  test('signed with a secret', async () => {
    await using peer = await startService({ takes: () => true });
    const key = 'a secret of some thirty-two bytes';
    await readAll(alone(peer, { alg: 'HS256', key: '{{ KEY }}', claims }, new TestClock(), { KEY: key }));
    await jwtVerify(sent(peer)[0] ?? '', Buffer.from(key), { currentDate });
  });

  test('is made anew 60 s before its end, and after a 401', async () => {
    const clock = new TestClock();
    await using peer = await startService({ clock, slow: 100, takes: () => true });
    await readAll(alone(peer, { alg: 'HS256', key: 'a secret of some thirty-two bytes', claims, ttl: 150 }, clock));
    assert.equal(new Set(sent(peer)).size, 3);
    let refused = 0;
    await using other = await startService({
      takes: () => {
        refused += 1;
        return refused > 1;
      },
    });
    await readAll(alone(other, { alg: 'HS256', key: 'a secret of some thirty-two bytes', claims, ttl: 3600 }));
    assert.equal(other.requests.length, PAGES + 1);
  });

  test('is traded for a token', async () => {
    await using peer = await startService();
    const oauth = {
      access_token: { url: `${peer.origin}/token`, data: { assertion: '{{ JWT }}' } },
      jwt: { alg: 'HS256', key: 'a secret of some thirty-two bytes', claims },
    };
    await readAll(source(peer, oauth));
    await jwtVerify(
      new URLSearchParams(peer.requests[0]?.body).get('assertion') ?? '',
      Buffer.from('a secret of some thirty-two bytes'),
      { currentDate },
    );
    assert.equal(asked(peer)[1], 'Bearer access-1');
  });

  test('with a key that is none says so, and not the key', async () => {
    await using peer = await startService();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const [alg, KEY, text] of [
      ['RS256', 'no-such-key', 'oauth.jwt.key: is no private key in PEM form'],
      ['RS256', ec, 'oauth.jwt.key: is no key for RS256'],
      ['HS256', 'short', undefined],
    ] as const) {
      const failed = readAll(alone(peer, { alg, key: '{{ KEY }}', claims }, new TestClock(), { KEY }));
      if (text === undefined) await assert.rejects(failed, /status 401/);
      else await assert.rejects(failed, { message: `source hr: ${text}` });
    }
  });

  test('stands in no message', async () => {
    await using peer = await startPeer(({ headers }, response) =>
      say(response, { status: 400, text: `${headers.authorization}` }),
    );
    assert.match(
      await whyNot(alone(peer, { alg: 'HS256', key: 'a secret of some thirty-two bytes', claims })),
      /got status 400: Bearer \*\*\*$/,
    );
  });
});
