import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ask, assertFails, assertSucceeds, assertWellFormed, login, openHouse } from './house.ts';

const json = (username: unknown, password: unknown) => JSON.stringify({ username, password });
const ALICE = json('alice', 'correct horse');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

test('the right password is exactly {"status":"success"}', async () => {
  await using house = await openHouse();
  assertSucceeds(await login(house, ALICE, { 'x-request-id': 'r3' }));
  assert.deepEqual(house.login.asked[0]?.meta, { requestId: 'r3', client: 'omflow' });
});

test('a wrong one, and an outage, are 200 and say so', async () => {
  await using house = await openHouse();
  assert.equal(assertFails(await login(house, json('alice', 'wrong')), 200), 'account or password is incorrect');
  house.login.down = true;
  assert.equal(assertFails(await login(house, ALICE), 200), 'cannot check passwords now');
});

test('the right one of somebody who may not log in is 200, and says why not', async () => {
  await using house = await openHouse();
  house.login.bars.set('alice', 'password_expired');
  assert.equal(
    assertFails(await login(house, ALICE), 200),
    'the password has expired or must be changed; change it and log in again',
  );
  assert.equal(assertFails(await login(house, json('alice', 'wrong')), 200), 'account or password is incorrect');
});

test('nothing is trimmed, normalised or looked at on the way', async () => {
  await using house = await openHouse();
  const pairs = [
    ['bob@example.com', '  blanks stay  '],
    [' alice', 'e\u0301\u00e9'],
    ['', ''],
    ['\u0000', '\ud800'],
    ['__proto__', 'constructor'],
    ['a"b\\', '{"username":"mallory"}'],
  ];
  for (const [username, password] of pairs) {
    await login(house, json(username, password));
    const asked = house.login.asked.at(-1);
    assert.deepEqual([asked?.username, asked?.password], [username, password]);
  }
});

test('other keys, any type, a byte order mark and blanks are accepted', async () => {
  await using house = await openHouse();
  const bodies = [
    `\ufeff${ALICE}`,
    ` \r\n${ALICE}\t`,
    '{"x":{"username":"eve","username2":[{}]},"username":"alice","password":"correct horse"}',
  ];
  for (const body of bodies) assertSucceeds(await login(house, body));
  for (const type of [
    '',
    'text/plain',
    'nonsense',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    ';',
  ]) {
    assertSucceeds(await login(house, ALICE, { 'content-type': type }));
  }
  assertSucceeds(await login(house, json('王小明', 'pässword✓')));
});

test('what is not an object with two strings is 400', async () => {
  await using house = await openHouse();
  const bodies = [
    '',
    'null',
    '[]',
    '"x"',
    '1',
    '{',
    '{}',
    '{"username":"a"}',
    json('a', 1),
    json(null, 'b'),
    json(['a'], 'b'),
  ];
  for (const body of [
    ...bodies,
    `${ALICE}x`,
    `${ALICE}${ALICE}`,
    "{'username':'a','password':'b'}",
    '['.repeat(16_000),
  ]) {
    const message = assertFails(await login(house, body), 400);
    assert.equal(message, 'the request body is not a JSON object with two strings, "username" and "password"');
  }
  assertFails(await login(house, '{"__proto__":{"username":"alice","password":"correct horse"}}'), 400);
  assert.equal(house.login.asked.length, 0);
});

test('a key given twice is 400, however it is written and wherever it stands', async () => {
  await using house = await openHouse();
  const bodies = [
    '{"username":"a","password":"b","username":"alice"}',
    '{"username":"a","password":"b","pass\\u0077ord":"c"}',
    '{"username" :"a","password"\n:"b","x":1,"x":2}',
    '{"username":"a","password":"b","x":[{"y":1,"y":1}]}',
    '{"username":"a","x":{"y":[]},"password":"b","username":"c"}',
    '{"username":"\\"","password":"b","username":"a"}',
  ];
  for (const body of bodies) {
    assert.equal(assertFails(await login(house, body), 400), 'the request body gives the same name twice');
  }
  for (const body of [
    '{"username":"username","password":"username"}',
    '{"x":{"password":1,"username":[2]},"username":"a","password":"b"}',
    '{"username":"a","password":"b","x":[{"y":1},{"y":1}]}',
  ]) {
    assert.equal(assertFails(await login(house, body), 200), 'account or password is incorrect');
  }
});

test('bytes that are not UTF-8 are 400, not another character', async () => {
  await using house = await openHouse();
  for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80, 0x80, 0x80]]) {
    const body = Buffer.concat([Buffer.from('{"username":"alice","password":"'), Buffer.from(bad), Buffer.from('"}')]);
    assert.equal(assertFails(await login(house, body), 400), 'the request body is not UTF-8');
  }
  assertFails(await login(house, Buffer.from(ALICE, 'utf16le')), 400);
});

test('a form is accepted', async () => {
  await using house = await openHouse();
  assertSucceeds(await login(house, 'username=alice&password=correct+horse', FORM));
  assertSucceeds(await login(house, '&password=correct%20horse&x=%F0%9F%98%80&username=%61lice&', FORM));
  const cased = { 'content-type': 'Application/X-WWW-Form-Urlencoded ; charset=utf-8' };
  assertSucceeds(await login(house, 'username=%E7%8E%8B%E5%B0%8F%E6%98%8E&password=p%C3%A4ssword✓', cased));
  await login(house, 'username=a&password=%20b=c%2B%26', FORM);
  assert.equal(house.login.asked.at(-1)?.password, ' b=c+&');
});

test('a form that is not one, or repeats a name, is 400', async () => {
  await using house = await openHouse();
  for (const body of [
    '',
    'username=a',
    'password',
    'username=a&password=%',
    'username=%FF&password=b',
    'username=a&password=%C3',
  ]) {
    const message = assertFails(await login(house, body, FORM), 400);
    assert.equal(message, 'the request body is not a form with the fields "username" and "password" in UTF-8');
  }
  for (const body of [
    'username=a&password=b&username=alice',
    'username=a&password=b&user%6Eame=c',
    'username=a&password=b&x&x',
  ]) {
    assert.equal(assertFails(await login(house, body, FORM), 400), 'the request body gives the same name twice');
  }
});

test('gzip and deflate are inflated', async () => {
  await using house = await openHouse();
  assertSucceeds(await login(house, gzipSync(ALICE), { 'content-encoding': 'gzip' }));
  assertSucceeds(await login(house, gzipSync(ALICE), { 'content-encoding': 'GZIP' }));
  assertSucceeds(await login(house, deflateSync(ALICE), { 'content-encoding': 'deflate' }));
  const chunked = { body: gzipSync(ALICE), chunked: true, headers: { 'content-encoding': 'gzip' } };
  assertSucceeds(await ask(house, '/authenticate', chunked));
});

test('compression that is broken or unheard of is 400; a bomb is 413', async () => {
  await using house = await openHouse();
  const broken: [Buffer, string][] = [
    [Buffer.from(ALICE), 'gzip'],
    [gzipSync(ALICE).subarray(0, 20), 'gzip'],
    [deflateRawSync(ALICE), 'deflate'],
    [brotliCompressSync(ALICE), 'br'],
    [gzipSync(ALICE), 'gzip, gzip'],
  ];
  for (const [body, encoding] of broken) {
    const message = assertFails(await login(house, body, { 'content-encoding': encoding }), 400);
    assert.match(message, /^the request body is not compressed as Content-Encoding says; send it as it is, or as gzip/);
  }
  const bomb = gzipSync(Buffer.alloc(5_000_000, ' '));
  assert.ok(bomb.length < 16 * 1024);
  for (const body of [bomb, Buffer.concat([bomb, Buffer.from('rubbish')])]) {
    assertFails(await login(house, body, { 'content-encoding': 'gzip' }), 413);
  }
  assertSucceeds(await login(house, ALICE));
});

test('16 KiB are read, one byte more is 413', async () => {
  await using house = await openHouse();
  const padded = (size: number) => ALICE.padEnd(size);
  assertSucceeds(await login(house, padded(16 * 1024)));
  assertFails(await login(house, padded(16 * 1024 + 1)), 413);
  assertSucceeds(await login(house, gzipSync(padded(16 * 1024)), { 'content-encoding': 'gzip' }));
  assertFails(await login(house, gzipSync(padded(16 * 1024 + 1)), { 'content-encoding': 'gzip' }), 413);
});

test('property: any bytes get a whole JSON answer that says how it went', async () => {
  await using house = await openHouse();
  const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', '', 'x');
  const encoding = fc.constantFrom('identity', 'identity', 'gzip', 'br', '*');
  const piece = fc.oneof(
    fc.constantFrom(
      '{',
      '}',
      '"',
      ':',
      ',',
      '[',
      ']',
      '\\',
      '"username"',
      '"password"',
      '&',
      '=',
      '%',
      'username=',
      'é',
    ),
    fc.json(),
  );
  const text = fc.array(piece).map(parts => Buffer.from(parts.join('')));
  const body = fc.oneof(fc.uint8Array({ maxLength: 300 }), text);
  await fc.assert(
    fc.asyncProperty(body, type, encoding, async (bytes, contentType, contentEncoding) => {
      const headers = { 'content-type': contentType, 'content-encoding': contentEncoding };
      const answer = await login(house, bytes, headers);
      const value = assertWellFormed(answer);
      assert.ok([200, 400, 413].includes(answer.status), `${answer.status}`);
      assert.equal(value['status'], 'fail');
    }),
    { numRuns: 400 },
  );
});

test('property: what is sent is what is checked, as JSON and as a form', async () => {
  await using house = await openHouse();
  const string = fc.string({ unit: 'binary', maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(string, string, async (username, password) => {
      await login(house, json(username, password));
      await login(house, new URLSearchParams({ password, username }).toString(), FORM);
      for (const asked of house.login.asked.splice(0)) {
        assert.deepEqual([asked.username, asked.password], [username, password]);
      }
    }),
    { numRuns: 100 },
  );
});
