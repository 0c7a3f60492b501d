import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { after, suite, test } from 'node:test';
import type { SMTPServerOptions } from 'smtp-server';
import { type EmailConfig, notify } from '../../src/config/notify.ts';
import { channelName } from '../../src/notices/channel.ts';
import { email } from '../../src/notices/email.ts';
import { Undelivered } from '../../src/notices/undelivered.ts';
import { textOf, wordsOf } from '../../src/notices/words.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/port.ts';
import { letter, NOTICE } from './letters.ts';
import { PASSWORD, PLAIN, startMailServer as startServer } from './mail-server.ts';

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const folder = stack.use(await temporaryFolder());
const files: Certificates = await makeCertificates(folder.path);
const certificate = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
const tls = { ca_file: files.caFile };

const startMailServer = (options: SMTPServerOptions = {}) => startServer({ ...certificate, ...options });

function configFor(port: number, more: object = {}): EmailConfig {
  const addresses = { from: 'rosterd@acme.example', to: ['ops@acme.example', 'hr@acme.example'] };
  const [config] = notify.parse([{ type: 'email', server: `smtp://127.0.0.1:${port}`, ...addresses, ...more }]);
  assert(config?.type === 'email');
  return config;
}

const LOGIN = { user: 'rosterd', password: PASSWORD };
const reach = ({ port }: { port: number }, more: object = {}, patience?: number) =>
  email(configFor(port, more), patience).reach(AbortSignal.timeout(30_000));
const send = ({ port }: { port: number }, more?: object, at = new Date('2026-11-25T08:00:00Z')) =>
  email(configFor(port, more)).send(letter({ at }));

/** Why it did not arrive. */
async function refusal(sending: Promise<unknown>): Promise<Undelivered> {
  const error = await sending.then(
    () => assert.fail('it arrived'),
    (error: unknown) => error,
  );
  assert(error instanceof Undelivered, String(error));
  assert.doesNotMatch(error.message, /s3cret/);
  return error;
}

suite('an email', () => {
  test('is one to everybody, that says what it is about and that nobody is to answer', async () => {
    await using server = await startMailServer(PLAIN);
    assert.equal(await send(server), undefined);
    const [one, ...others] = server.mails;
    assert(one);
    assert.deepEqual([others, one.secure, one.to], [[], false, ['ops@acme.example', 'hr@acme.example']]);
    const { mail } = one;
    const words = wordsOf(NOTICE, letter().wording);
    assert.equal(mail.subject, '[rosterd] failed: no run has succeeded since 2026-11-25 01:30 (UTC)');
    assert.equal(mail.text, `${textOf(words)}\n`);
    assert.ok(mail.text?.includes('研發'));
    assert.deepEqual(mail.date, new Date('2026-11-25T08:00:00Z'));
    assert.equal(mail.messageId, '<msg_1@acme.example>');
    assert.equal(mail.headers.get('auto-submitted'), 'auto-generated');
    assert.deepEqual(
      [mail.from?.text, [mail.to].flat()[0]?.text],
      ['rosterd@acme.example', 'ops@acme.example, hr@acme.example'],
    );
  });

  test('is encrypted where the server can, and says who we are', async () => {
    await using server = await startMailServer();
    assert.equal(await send(server, { tls, ...LOGIN }), undefined);
    assert.equal(await send(server, { tls }), undefined);
    assert.deepEqual(
      server.mails.map(one => [one.secure, one.user]),
      [
        [true, 'rosterd'],
        [true, false],
      ],
    );
  });

  test('goes to a server that is encrypted from the beginning', async () => {
    await using server = await startMailServer({ secure: true });
    assert.equal(await send(server, { server: `smtps://127.0.0.1:${server.port}`, tls, ...LOGIN }), undefined);
    assert.deepEqual(
      server.mails.map(one => one.secure),
      [true],
    );
  });

  test('does not go to a server that cannot prove who it is', async () => {
    await using server = await startMailServer();
    const untrusted = 'its certificate is signed by nobody we trust; set tls.ca_file to the authority that signed it';
    const error = await refusal(send(server, LOGIN));
    assert.ok(error.message.startsWith(untrusted), error.message);
    assert.equal(error.maybe, false);
    const other = await refusal(send(server, { ...LOGIN, tls: { ...tls, server_name: 'mail.example' } }));
    assert.match(other.message, /^its certificate is for another name/);
    assert.equal(
      (await refusal(send(server, { tls: { ca_file: 'no.pem' } }))).message,
      'tls.ca_file: no.pem: no such file',
    );
    assert.deepEqual(server.mails, []);
  });

  test('sends no password that others could read', async () => {
    await using server = await startMailServer({
      hideSTARTTLS: true,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
    });
    for (const going of [send, reach]) {
      const { message } = await refusal(going(server, { tls, ...LOGIN }));
      assert.equal(message, 'offers no TLS, and a password is sent over TLS alone');
    }
    assert.deepEqual(server.mails, []);
  });

  test('is not handed in for nobody where we have a name', async () => {
    await using server = await startMailServer({ disabledCommands: ['AUTH'] });
    for (const going of [send, reach]) {
      assert.equal((await refusal(going(server, { tls, ...LOGIN }))).message, 'takes no passwords');
    }
    assert.deepEqual(server.mails, []);
  });

  test('that a server refuses did not arrive, and says why', async () => {
    await using server = await startMailServer();
    const wrong = await refusal(send(server, { tls, user: 'rosterd', password: 'other' }));
    assert.deepEqual([wrong.message, wrong.maybe], ['answers 535 who is that?', false]);
    const nobody = await refusal(send(server, { tls, to: 'nobody@acme.example' }));
    assert.deepEqual([nobody.message, nobody.maybe], ['answers 550 no such mailbox', false]);
    const origin = await refusal(send({ port: await freePort() }));
    const why = 'refuses connections; is it running, and is the port right? (ECONNREFUSED)';
    assert.deepEqual([origin.message, origin.maybe], [why, false]);
  });

  test('that reaches some says whom it does not', async () => {
    await using server = await startMailServer();
    const to = ['ops@acme.example', 'nobody@acme.example'];
    assert.equal(await send(server, { tls, to }), 'not to nobody@acme.example: 550 no such mailbox');
    assert.deepEqual(
      server.mails.map(one => one.to),
      [['ops@acme.example']],
    );
  });

  test('may have arrived when the server breaks off after it was sent', async () => {
    const server = createServer(socket => {
      let isMail = false;
      socket.on('error', () => {}).write('220 mail.example\r\n');
      socket.on('data', data => {
        const text = data.toString();
        if (isMail && text.endsWith('\r\n.\r\n')) socket.destroy();
        else if (text.startsWith('DATA')) socket.write('354 go on\r\n');
        else if (!isMail) socket.write('250 fine\r\n');
        isMail ||= text.startsWith('DATA');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const error = await refusal(send({ port: (server.address() as AddressInfo).port }));
    server.close();
    assert.deepEqual([error.message, error.maybe], ['Connection closed unexpectedly', true]);
  });

  test('is given up when it takes too long', async () => {
    const enough = new AbortController();
    const server = createServer(socket => {
      socket.on('error', () => {});
      enough.abort();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await refusal(email(configFor(port)).send(letter({ signal: enough.signal })));
    server.close();
    assert.equal(error.message, 'was not answered in time');
  });

  test('is known to be possible without any being sent', async () => {
    await using server = await startMailServer();
    const { signal } = new AbortController();
    await email(configFor(server.port, { tls, ...LOGIN })).reach(signal);
    const wrong = email(configFor(server.port, { tls, user: 'rosterd', password: 'other' }));
    assert.equal((await refusal(wrong.reach(signal))).message, 'answers 535 who is that?');
    assert.deepEqual(server.mails, []);
  });

  test('is begun and taken back where there is no password to try, and then it says what the server does not take', async () => {
    await using open = await startMailServer(PLAIN);
    await reach(open);
    await reach(open, { from: 'rosterd@林.example' });
    const nobody = ['ops@acme.example', 'nobody@acme.example'];
    assert.equal(
      (await refusal(reach(open, { to: nobody }))).message,
      'answers RCPT TO:<nobody@acme.example> with 550 no such mailbox',
    );
    await using closed = await startMailServer({ authOptional: false });
    assert.match(
      (await refusal(reach(closed, { tls }))).message,
      /^answers MAIL FROM:<rosterd@acme\.example> with 530 Error: authentication required/i,
    );
    assert.deepEqual([open.mails, closed.mails], [[], []]);
  });

  test('to a server that waits for TLS is told apart from one that says nothing', async () => {
    await using server = await startMailServer({ secure: true });
    assert.equal(
      (await refusal(reach(server, {}, 1000))).message,
      'did not answer within 1 s; does it speak TLS from the beginning on that port? Then write smtps://',
    );
  });

  test('is called by whom it is to, and not by what lets us in', () => {
    assert.equal(channelName(configFor(25, LOGIN)), 'email to ops@acme.example and 1 more by 127.0.0.1:25');
    assert.equal(channelName(configFor(25, { to: 'ops@acme.example' })), 'email to ops@acme.example by 127.0.0.1:25');
  });
});
