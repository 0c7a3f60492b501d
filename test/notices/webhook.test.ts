import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { notify, type WebhookConfig } from '../../src/config/notify.ts';
import { channelName } from '../../src/notices/channel.ts';
import { Undelivered } from '../../src/notices/undelivered.ts';
import { webhook } from '../../src/notices/webhook.ts';
import { makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Handler, type Peer, startPeer } from '../support/http-peer.ts';
import { freePort } from '../support/port.ts';
import { letter } from './letters.ts';

const PATH = '/services/T0000/B0000/s3cretToken';

function configFor(origin: string, more: object = {}): WebhookConfig {
  const [config] = notify.parse([{ type: 'webhook', url: `${origin}${PATH}`, ...more }]);
  assert(config?.type === 'webhook');
  return config;
}

/** A receiver that answers so. */
const answering =
  (status: number, text = '', headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(text);

/** Why it did not arrive. */
async function refusal(sending: Promise<unknown>): Promise<Undelivered> {
  const error = await sending.then(
    () => assert.fail('it arrived'),
    (error: unknown) => error,
  );
  assert(error instanceof Undelivered, String(error));
  assert.doesNotMatch(error.message, /s3cret|T0000/);
  return error;
}

const send = (peer: Peer, more: object = {}, at = new Date()) =>
  webhook(configFor(peer.origin, more)).send(letter({ at }));

suite('a webhook', () => {
  for (const secret of [`whsec_${Buffer.alloc(24, 7).toString('base64')}`, 'a text of 16 characters or more']) {
    test(`is signed so that others can verify it, with ${secret.slice(0, 6)}`, async () => {
      await using peer = await startPeer(answering(204));
      assert.equal(await send(peer, { secret }), undefined);
      const [request] = peer.requests;
      assert(request);
      assert.deepEqual(
        [request.method, request.path, request.headers['content-type']],
        ['POST', PATH, 'application/json'],
      );
      const verifier = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
      const body = verifier.verify(request.body, request.headers as Record<string, string>) as { type: string };
      assert.equal(body.type, 'rosterd.failed');
      assert.equal(request.headers['webhook-id'], 'msg_1');
      const changed = request.body.replace('研發', '開發');
      assert.throws(() => verifier.verify(changed, request.headers as Record<string, string>), /No matching signature/);
    });
  }

  test('without a secret is not signed, but can be told from repeats', async () => {
    await using peer = await startPeer(answering(200, 'ok'));
    await send(peer, { format: 'slack' });
    const [request] = peer.requests;
    assert.equal(request?.headers['webhook-id'], 'msg_1');
    assert.equal(request?.headers['webhook-signature'], undefined);
    assert.match(JSON.parse(request?.body ?? '').text, /^\*failed: no run has succeeded since/);
  });

  test('has arrived whatever is said to it, as long as it is a success', async () => {
    await using peer = await startPeer((_, response) => response.writeHead(202).end(Buffer.from([0xff, 0xfe, 0x41])));
    assert.equal(await send(peer), undefined);
  });

  for (const [status, text, headers, why, more] of [
    [404, 'no such hook', {}, 'answers 404: no such hook', {}],
    [500, '', {}, 'answers 500', {}],
    [410, 'gone', {}, 'answers 410: gone', { forever: true }],
    [429, '', { 'retry-after': '90' }, 'answers 429', { wait: 90_000 }],
    [503, 'later', { 'retry-after': 'Wed, 25 Nov 2026 08:02:00 GMT' }, 'answers 503: later', { wait: 120_000 }],
    [503, '', { 'retry-after': 'soon' }, 'answers 503', {}],
    [400, '', { 'retry-after': '90' }, 'answers 400', {}],
    [400, `a\n\tb ${'x'.repeat(300)}`, {}, `answers 400: a b ${'x'.repeat(195)}…`, {}],
    [404, `Cannot POST ${PATH}`, {}, 'answers 404: Cannot POST …', {}],
    [404, 'no B0000, no s3cretToken', {}, 'answers 404: no B0000, no …', {}],
    [307, '', { location: '/elsewhere' }, 'answers 307, and redirects are not followed', {}],
  ] as const) {
    test(`that is answered with ${status} ${JSON.stringify(headers)} ${text.slice(0, 20)} did not arrive`, async () => {
      await using peer = await startPeer(answering(status, text, headers));
      const error = await refusal(send(peer, {}, new Date('2026-11-25T08:00:00Z')));
      assert.equal(error.message, why);
      assert.deepEqual(
        { ...error, message: undefined, name: undefined },
        {
          ...{ maybe: false, forever: false, wait: undefined, message: undefined, name: undefined },
          ...more,
        },
      );
      assert.equal(peer.requests.length, 1);
    });
  }

  test('to nobody is known not to have arrived', async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const error = await refusal(webhook(configFor(origin)).send(letter()));
    const why = 'refuses connections; is it running, and is the port right? (ECONNREFUSED)';
    assert.deepEqual([error.message, error.maybe], [why, false]);
  });

  test('that is cut off, or not answered in time, may have arrived', async () => {
    await using peer = await startPeer((_, response) => response.destroy());
    const cut = await refusal(send(peer));
    assert.deepEqual([cut.message, cut.maybe], ['closed the connection before the answer was complete', true]);
    const enough = new AbortController();
    await using slow = await startPeer(() => enough.abort());
    const late = await refusal(webhook(configFor(slow.origin)).send(letter({ signal: enough.signal })));
    assert.deepEqual([late.message, late.maybe], ['was not answered in time', true]);
  });

  test('goes over TLS to who can prove who they are', async () => {
    await using folder = await temporaryFolder();
    const { caFile, certFile, keyFile } = await makeCertificates(folder.path);
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    await using peer = await startPeer(answering(200), { tls });
    assert.equal(await send(peer, { tls: { ca_file: caFile } }), undefined);
    const untrusted = 'its certificate is signed by nobody we trust; set tls.ca_file to the authority that signed it';
    assert.ok((await refusal(send(peer))).message.startsWith(untrusted));
    assert.equal(
      (await refusal(send(peer, { tls: { ca_file: 'no.pem' } }))).message,
      'tls.ca_file: no.pem: no such file',
    );
    const { signal } = new AbortController();
    await webhook(configFor(peer.origin, { tls: { ca_file: caFile } })).reach(signal);
    assert.ok((await refusal(webhook(configFor(peer.origin)).reach(signal))).message.startsWith(untrusted));
    assert.equal(peer.requests.length, 1);
  });

  test('is known to be reachable without anything being sent', async () => {
    await using peer = await startPeer(answering(200));
    const { signal } = new AbortController();
    await webhook(configFor(peer.origin)).reach(signal);
    assert.equal(peer.requests.length, 0);
    const nobody = webhook(configFor(`http://127.0.0.1:${await freePort()}`)).reach(signal);
    assert.match((await refusal(nobody)).message, /^refuses connections/);
  });

  test('is called so that nobody else can write there', () => {
    const name = (url: string, format = 'json') =>
      channelName(notify.parse([{ type: 'webhook', url, format }])[0] as WebhookConfig);
    assert.equal(
      name('https://hooks.slack.example/services/T0/B0/abcdefgh', 'slack'),
      'slack https://hooks.slack.example/…efgh',
    );
    assert.equal(name('https://chat.example:8443/x?token=abcdefgh'), 'webhook https://chat.example:8443/…efgh');
    assert.equal(name('https://chat.example/s3cret'), 'webhook https://chat.example/…');
    assert.equal(name('https://chat.example'), 'webhook https://chat.example');
  });
});
