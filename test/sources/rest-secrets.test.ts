import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Secrets } from '../../src/sources/rest/secrets.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { manifestFor, people, rest, type Said, say, TestClock } from './rest-service.ts';

const KEY = `K3y/+ß"&=\\'%~ ü?Zz`;

/** All that could be told of a run that fails: the message, the causes and what they carry. */
async function told(
  parts: (origin: string) => Record<string, unknown>,
  said: Said | ((count: number) => Said),
  values: Record<string, string> = { KEY },
) {
  await using peer = await startPeer(({ count }, response) =>
    say(response, typeof said === 'function' ? said(count) : said),
  );
  const manifest = manifestFor(peer.origin, {
    initial_data_form: [{ id: 'KEY' }, { id: 'OPEN', secret: false }],
    ...parts(peer.origin),
  });
  try {
    await readAll(rest(manifest, { values }, new TestClock()));
  } catch (error) {
    assert(error instanceof Error);
    return { message: error.message.replaceAll(peer.origin, 'ORIGIN'), all: inspect(error, { depth: 9 }) };
  }
  throw new Error('it did not fail');
}

const forms = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  encodeURIComponent(secret).replace(/%../g, code => code.toLowerCase()),
  encodeURI(secret),
  new URLSearchParams({ a: secret }).toString().slice(2),
  JSON.stringify(secret).slice(1, -1),
  JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('base64url'),
  secret.toLowerCase(),
  secret.toUpperCase(),
];

function mustHide({ all, message }: { readonly all: string; readonly message: string }, secret = KEY): void {
  for (const form of forms(secret))
    assert.ok(!all.includes(form) && !message.includes(form), `${form} stands in ${all}`);
}

suite('Secrets are masked', () => {
  for (const [place, form] of forms(KEY).entries()) {
    test(`where a body echoes one: form ${place}`, async () => {
      const found = await told(() => ({}), { status: 400, text: `<b>${form}</b> is wrong` });
      mustHide(found);
      assert.match(found.message, /got status 400: <b>\*\*\*=*<\/b> is wrong$/);
    });
  }

  test('in the path of a URL', async () => {
    const found = await told(
      origin => ({ execute: [{ url: `${origin}/v1/{{ KEY }}/people?k={{ KEY }}`, method: 'GET' }] }),
      { status: 404, text: '' },
    );
    mustHide(found);
    assert.equal(
      found.message,
      'source hr: GET ORIGIN/v1/***/people (page 1): expected a success, and got status 404: (an empty body)',
    );
  });

  test('in its host, which a URL has in lower case', async () => {
    const parts = () => ({ execute: [{ url: 'http://{{ KEY }}.localhost:9/people' }] });
    const { message } = await told(parts, {}, { KEY: 'AcmeTenant' });
    assert.match(message, /POST http:\/\/\*\*\*\.localhost:9\/people/);
  });

  test('as Basic authentication has them', async () => {
    const basic = Buffer.from(`${KEY}:x`).toString('base64');
    for (const text of [basic, `Basic ${basic}`, `${KEY}:x`]) {
      const found = await told(() => ({ headers: { Authorization: 'Basic {{ KEY }}:x' } }), {
        status: 401,
        text: `bad: ${text}!`,
      });
      mustHide(found);
      assert.ok(!found.all.includes(basic.slice(0, 20)), found.all);
    }
  });

  test('where a header has one that stands in the manifest itself', async () => {
    const found = await told(
      () => ({ headers: { Authorization: 'Bearer abcdefgh-12345', 'X-Api-Key': 'qwertz-6789' } }),
      { status: 401, text: 'abcdefgh-12345, qwertz-6789' },
    );
    assert.match(found.message, /status 401: \*\*\*, \*\*\*$/);
  });

  test('where a filter has changed one', async () => {
    const found = await told(() => ({ headers: { 'X-K': '{{ KEY|upper }}' } }), {
      status: 401,
      text: `no ${KEY.toUpperCase()}`,
    });
    mustHide(found);
  });

  test('a token that an earlier request gave', async () => {
    for (const use of [
      (origin: string) => ({ url: `${origin}/{{ responses.0.data.session_id }}/p` }),
      (origin: string) => ({ url: `${origin}/p?t={{ responses.0.data.session_id }}` }),
      (origin: string) => ({ url: `${origin}/p`, data: { t: '{{ responses.0.data.session_id }}' } }),
      (origin: string) => ({ url: `${origin}/p`, headers: { 'X-S': '{{ responses.0.data.session_id }}' } }),
    ]) {
      const parts = (origin: string) => ({ execute: [{ url: `${origin}/login` }, use(origin)] });
      const found = await told(parts, count =>
        count === 1 ? { json: { data: { session_id: 's-tok' } } } : { status: 400, text: 's-tok?' },
      );
      assert.ok(!found.all.includes('s-tok'), found.all);
    }
  });

  test('an earlier answer that is nothing but a token', async () => {
    const parts = (origin: string) => ({
      execute: [{ url: `${origin}/login` }, { url: `${origin}/p?t={{ responses.0 }}` }],
    });
    const found = await told(parts, count => (count === 1 ? { text: 'bare-tok' } : { status: 400, text: 'bare-tok?' }));
    assert.ok(!found.all.includes('bare-tok'), found.all);
  });

  const echoes: [what: string, parts: Record<string, unknown>, said: Said][] = [
    ['what stands where the list should', {}, { json: { people: KEY } }],
    ['what stands where the list should, by other names', { data_from: '' }, { json: { [KEY]: 1 } }],
    [
      'the type of what is no JSON',
      {},
      { text: 'x', headers: { 'content-type': `text/plain; k="${encodeURIComponent(KEY)}"` } },
    ],
    ['what is no number of records', { expect_total_from: 'n' }, { json: { people: [], n: KEY } }],
    [
      'what is no number of records, in a header',
      { expect_total_from: 'header:x-n' },
      { json: { people: [] }, headers: { 'x-n': encodeURIComponent(KEY) } },
    ],
    ['a sign of more', {}, { json: { people: people(1), next: `/p?k=${encodeURIComponent(KEY)}` } }],
    [
      'a sign of more, in a header',
      {},
      { json: { people: people(1) }, headers: { link: `</p?k=${encodeURIComponent(KEY)}>; rel=next` } },
    ],
    [
      'a redirect',
      {},
      {
        status: 302,
        headers: { location: `http://${encodeURIComponent(KEY)}@127.0.0.1:9/${encodeURIComponent(KEY)}` },
      },
    ],
    [
      'a next link',
      { next_page_from: 'next' },
      { json: { people: [], next: `http://127.0.0.1:9/${encodeURIComponent(KEY)}` } },
    ],
    [
      'a page that comes again',
      { next_page_from: 'next' },
      { json: { people: [], next: `/p?${encodeURIComponent(KEY)}` } },
    ],
  ];
  for (const [what, parts, said] of echoes) {
    test(`in ${what}`, async () => mustHide(await told(() => parts, said)));
  }

  test('in what continue_if gets, and wants', async () => {
    const continue_if = { response_notation: 'k', value: '{{ KEY }}' };
    const found = await told(origin => ({ execute: [{ url: `${origin}/p`, continue_if }] }), {
      json: { k: `not ${KEY}` },
    });
    mustHide(found);
    assert.match(found.message, /expected "k" to be "\*\*\*", and got "not \*\*\*"/);
  });

  test('in a host name where they do not belong', async () => {
    const found = await told(() => ({ execute: [{ url: 'http://a{{ KEY }}/p' }] }), {});
    assert.match(found.message, /execute\[0\]\.url: has a value in its host name that is none/);
    mustHide(found);
  });

  test('before anything is cut off: half a secret tells, too', async () => {
    const long = 'abcdefghij'.repeat(30);
    const key = (text: string) => [
      { status: 400, text: `${'-'.repeat(150)}${text}` },
      { json: { people: `${'-'.repeat(30)}${text}` } },
      { json: { people: [], next: `${'-'.repeat(30)}${text}` } },
    ];
    for (const said of key(long)) {
      const found = await told(() => ({}), said, { KEY: long });
      assert.doesNotMatch(found.all, /abcdefghij/);
      assert.match(found.message, /\*\*\*/);
    }
  });

  test('a short one only where it stands alone', async () => {
    const found = await told(
      origin => ({ execute: [{ url: `${origin}/report/{{ KEY }}/17` }] }),
      { status: 400, text: 'report 7: 17 of 70, 7' },
      { KEY: '7' },
    );
    assert.equal(
      found.message,
      'source hr: POST ORIGIN/report/***/17 (page 1): expected a success, and got status 400: report ***: 17 of 70, ***',
    );
  });

  test('unless `secret: false`', async () => {
    const found = await told(
      origin => ({ execute: [{ url: `${origin}/{{ OPEN }}` }] }),
      { status: 400, text: 'acme-corp' },
      { OPEN: 'acme-corp' },
    );
    assert.equal(
      found.message,
      'source hr: POST ORIGIN/acme-corp (page 1): expected a success, and got status 400: acme-corp',
    );
  });

  test('a value that no form declares, too', async () => {
    const found = await told(
      origin => ({ execute: [{ url: `${origin}/{{ OTHER }}` }] }),
      { status: 400, text: 'other-key' },
      { OTHER: 'other-key' },
    );
    assert.ok(!found.all.includes('other-key'), found.all);
  });

  test('one that is made up for the run, too', async () => {
    let made = '';
    await using peer = await startPeer(({ path }, response) => {
      made = path.slice(1);
      say(response, { status: 400, text: `bad ${made}` });
    });
    const manifest = manifestFor(peer.origin, {
      execute: [{ url: `${peer.origin}/{{ N }}` }],
      initial_data_form: [{ id: 'N', name: 'generate' }],
    });
    await assert.rejects(
      readAll(rest(manifest)),
      (error: Error) => !inspect(error).includes(made) && error.message.endsWith('bad ***'),
    );
  });
});

test('Of two secrets, one of which begins with the other, nothing is left', () => {
  const secrets = new Secrets();
  for (const one of ['abcd', 'abcdefgh', 'efgh-ijkl']) secrets.add(one);
  assert.equal(secrets.mask('abcdefgh abcd abcdef efgh-ijkl'), '*** *** ***ef ***');
});

test('Masking never leaves a secret, whatever surrounds it', () => {
  const secret = fc
    .string({ unit: 'grapheme', minLength: 4, maxLength: 12 })
    .filter(text => !text.includes('*') && text.trim() !== '');
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 5 }),
      fc.array(fc.string({ unit: 'grapheme' })),
      fc.nat(),
      (list, around, seed) => {
        const secrets = new Secrets();
        for (const one of list) secrets.add(one);
        const pieces = around.flatMap((text, place) => [
          text,
          forms(list[(seed + place) % list.length] ?? '')[(seed + place) % 9] ?? '',
        ]);
        const masked = secrets.mask(pieces.join(''));
        for (const one of list) assert.ok(!masked.includes(one), `"${one}" stands in "${masked}"`);
      },
    ),
    { numRuns: 500 },
  );
});
