import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import type { SMTPServerOptions } from 'smtp-server';
import { announce, type Desk } from '../../src/notices/announce.ts';
import { enclosing, LARGEST } from '../../src/notices/enclosure.ts';
import { sqlite } from '../store/engines.ts';
import { startPeer } from '../support/http-peer.ts';
import { channels, deskOf } from './desks.ts';
import { after, healthAfter, hold } from './healths.ts';
import { NOTICE } from './letters.ts';
import { type MailServer, PLAIN, startMailServer } from './mail-server.ts';

/** The report that a hold's mail carries. */

const PAGE = new TextEncoder().encode('<!doctype html><title>王小明</title>');

const MASKED =
  'The report is attached: a page for the browser that compares what is held with what is published. Emails and telephone numbers are hidden in it.';

const mailTo = ({ port }: { port: number }, more: object = {}) => ({
  ...{ type: 'email', server: `smtp://127.0.0.1:${port}`, from: 'rosterd@acme.example', to: 'ops@acme.example' },
  ...more,
});

/** A mail server, a store, and how a hold is told of to these channels. */
async function scene(more: readonly object[] = [{}], options: SMTPServerOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await sqlite());
  const store = stack.use(await here.open());
  const server = stack.use(await startMailServer({ ...PLAIN, ...options }));
  const notify = channels(...more.map((one, at) => mailTo(server, { to: `ops${at}@acme.example`, ...one })));
  const asked: string[] = [];
  const tell = (report: Desk['report'], desk: Partial<Desk> = {}) =>
    announce(
      deskOf(store, {
        notify,
        health: healthAfter(5, { hold: hold(3) }),
        ...desk,
        ...(report && {
          report: (number: number, masked: boolean) => {
            asked.push(`${number} ${masked ? 'masked' : 'full'}`);
            return report(number, masked);
          },
        }),
      }),
    );
  const owned = stack.move();
  return { here, store, server, asked, tell, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The same with a server that broke off in the middle of the first try, and takes the next. */
async function brokenOffOnce() {
  let breaksOff = true;
  const at = await scene([{}], {
    async onData(stream, session, done) {
      const mail = await simpleParser(stream);
      if (breaksOff) return at.server.cutOff();
      at.server.mails.push({ mail, secure: session.secure, user: undefined, to: [] });
      done();
    },
  });
  assert.equal((await at.tell(async () => PAGE))[0]?.outcome, 'later');
  breaksOff = false;
  return at;
}

/** The only mail that came. */
function onlyMail({ mails }: MailServer): ParsedMail {
  assert.equal(mails.length, 1);
  return mails[0]?.mail ?? assert.fail();
}

/** The paragraphs of a mail that speak of the report. */
const notes = ({ text = '' }: ParsedMail) => text.split('\n\n').filter(one => one.includes('report is'));

suite('the mail about a hold', () => {
  test('carries the report, masked where nothing else is said', async () => {
    await using at = await scene();
    const told = await at.tell(async () => PAGE);
    assert.deepEqual(
      told.map(({ outcome, why }) => [outcome, why]),
      [['sent', undefined]],
    );
    const mail = onlyMail(at.server);
    const [one, ...others] = mail.attachments;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [one?.filename, one?.contentType, one?.contentDisposition],
      ['rosterd-report.html', 'text/html', 'attachment'],
    );
    assert.deepEqual(one?.content, Buffer.from(PAGE));
    assert.deepEqual(notes(mail), [MASKED]);
    assert.match(mail.text ?? '', /published\. Emails.*\n\nrosterd on gate, store sqlite:.*\n$/);
    assert.deepEqual(at.asked, ['3 masked']);
    assert.deepEqual(await at.here.rows("select * from notices where content like '%doctype%'"), []);
  });

  test('carries all of it, or none, where that is said; each is made once for all', async () => {
    const kinds = ['masked', 'full', 'none', 'full', 'masked'];
    await using at = await scene(kinds.map(report => ({ report })));
    await at.tell(async (_, masked) => new TextEncoder().encode(`${masked}`));
    const mails = at.server.mails.toSorted((a, b) => String(a.to).localeCompare(String(b.to)));
    assert.deepEqual(
      mails.map(({ mail }) => [mail.attachments.map(one => one.content.toString()).join(), notes(mail).length]),
      [
        ['true', 1],
        ['false', 1],
        ['', 0],
        ['false', 1],
        ['true', 1],
      ],
    );
    assert.ok(mails[1] && notes(mails[1].mail).every(note => !note.includes('hidden')));
    assert.deepEqual(at.asked.sort(), ['3 full', '3 masked']);
  });

  test('goes without it where that is too large, and says how else to have it', async () => {
    await using at = await scene();
    const [told] = await at.tell(async () => new Uint8Array(LARGEST + 1));
    assert.deepEqual([told?.outcome, told?.why], ['sent', 'without its report: it is larger than 10 MiB']);
    const mail = onlyMail(at.server);
    assert.deepEqual(mail.attachments, []);
    assert.deepEqual(notes(mail), [
      'The report is not attached: it is larger than 10 MiB. On the server "rosterd report --out FILE" makes it.',
    ]);
  });

  test('goes without it where that cannot be made; only the log says why', async () => {
    await using at = await scene();
    const [told] = await at.tell(() => Promise.reject(new Error('person a.lin is damaged')));
    assert.deepEqual([told?.outcome, told?.why], ['sent', 'without its report: person a.lin is damaged']);
    const mail = onlyMail(at.server);
    assert.deepEqual(mail.attachments, []);
    assert.deepEqual(notes(mail), [
      'The report is not attached: it could not be made, and the log says why. On the server "rosterd report --out FILE" makes it.',
    ]);
    assert.doesNotMatch(mail.text ?? '', /a\.lin/);
  });

  test('does not wait for it for long', async () => {
    const [config] = channels(mailTo({ port: 25 }));
    assert(config);
    const held = { ...NOTICE, kind: 'held', hold: 3, changes: {}, people: 1, reasons: [] } as never;
    const found = await enclosing({ report: () => new Promise(() => {}) }, 20)(held, config, false);
    assert(found && 'missing' in found);
    assert.equal(found.why, 'it was not made within 0.02 s');
  });

  test('has none where the hold has ended meanwhile', async () => {
    await using at = await scene();
    const [told] = await at.tell(async () => undefined);
    assert.deepEqual([told?.outcome, told?.why], ['sent', undefined]);
    const mail = onlyMail(at.server);
    assert.deepEqual([mail.attachments, notes(mail)], [[], []]);
  });

  test('goes without it where a try broke off in the middle: the report may be why', async () => {
    await using at = await brokenOffOnce();
    const [told] = await at.tell(async () => PAGE, { now: after(1) });
    assert.deepEqual(
      [told?.outcome, told?.why, at.asked],
      ['sent', 'without its report: an earlier try to send it broke off', ['3 masked']],
    );
    assert.match(
      notes(onlyMail(at.server))[0] ?? '',
      /^The report is not attached: an earlier try to send it broke off\./,
    );
  });

  test('that is told late, when it is over, has none, and none is made', async () => {
    await using at = await brokenOffOnce();
    at.asked.splice(0);
    const told = await at.tell(async () => PAGE, { health: healthAfter(6), now: after(1) });
    assert.deepEqual(
      told.map(({ kind, outcome }) => [kind, outcome]),
      [
        ['held', 'sent'],
        ['recovered', 'sent'],
      ],
    );
    assert.deepEqual(at.asked, []);
    for (const { mail } of at.server.mails) assert.deepEqual([mail.attachments, notes(mail)], [[], []]);
  });

  test('is made anew for each try, so that it is about what stands then', async () => {
    let isFull = true;
    await using at = await scene([{}], {
      onMailFrom: (_address, _session, done) =>
        done(isFull ? Object.assign(new Error('later'), { responseCode: 451 }) : null),
    });
    const [first] = await at.tell(async () => PAGE);
    assert.equal(first?.outcome, 'later');
    isFull = false;
    const again = new TextEncoder().encode('<!doctype html>later');
    await at.tell(async () => again, { now: after(1) });
    assert.deepEqual(onlyMail(at.server).attachments[0]?.content, Buffer.from(again));
  });
});

suite('a mail server that does not take the report', () => {
  const REFUSED =
    'The report is not attached: the mail server did not take it. On the server "rosterd report --out FILE" makes it.';

  test('because it is too large for it gets the mail without', async () => {
    for (const options of [{ size: 20_000 }, { size: 20_000, hideSize: true }]) {
      await using at = await scene([{}], {
        ...options,
        async onData(stream, { secure, user, envelope }, done) {
          const mail = await simpleParser(stream);
          if (stream.sizeExceeded) return done(Object.assign(new Error('too large'), { responseCode: 552 }));
          at.server.mails.push({ mail, secure, user, to: envelope.rcptTo.map(one => one.address) });
          done();
        },
      });
      const [told] = await at.tell(async () => new Uint8Array(30_000).fill(65));
      assert.equal(told?.outcome, 'sent');
      assert.equal(told?.why, 'without its report: 552 too large');
      const mail = onlyMail(at.server);
      assert.deepEqual([mail.attachments, notes(mail)], [[], [REFUSED]]);
    }
  });

  test('because it takes no pages gets the mail without', async () => {
    await using at = await scene([{}], {
      async onData(stream, { secure, user, envelope }, done) {
        const mail = await simpleParser(stream);
        if (mail.attachments.length > 0) return done(Object.assign(new Error('no HTML here'), { responseCode: 554 }));
        at.server.mails.push({ mail, secure, user, to: envelope.rcptTo.map(one => one.address) });
        done();
      },
    });
    const [told] = await at.tell(async () => PAGE);
    assert.deepEqual([told?.outcome, told?.why], ['sent', 'without its report: 554 no HTML here']);
    assert.deepEqual(notes(onlyMail(at.server)), [REFUSED]);
  });

  test('nor the mail itself is tried later', async () => {
    let tries = 0;
    await using at = await scene([{}], {
      async onData(stream, _session, done) {
        tries += 1;
        await simpleParser(stream);
        done(Object.assign(new Error('no mail for you'), { responseCode: 554 }));
      },
    });
    const [told] = await at.tell(async () => PAGE);
    assert.deepEqual([told?.outcome, told?.why, tries], ['later', 'answers 554 no mail for you', 2]);
  });

  test('because of whom it is to is not asked a second time', async () => {
    let tries = 0;
    await using at = await scene([{}], {
      onRcptTo(_address, _session, done) {
        tries += 1;
        done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
      },
    });
    const [told] = await at.tell(async () => PAGE);
    assert.deepEqual([told?.outcome, told?.why, tries], ['later', 'answers 550 no such mailbox', 1]);
  });
});

suite('no report is made', () => {
  test('for a webhook, nor for what is no hold', async () => {
    await using peer = await startPeer((_, response) => response.writeHead(204).end());
    await using at = await scene();
    const webhook = channels({ type: 'webhook', url: `${peer.origin}/hooks/T0000` });
    assert.equal((await at.tell(async () => PAGE, { notify: webhook })).length, 1);
    const failing = { since: after(0), why: 'source hr: is empty' };
    await at.tell(async () => PAGE, { health: healthAfter(6, { failing }), now: after(1) });
    assert.deepEqual(at.asked, []);
    assert.ok(at.server.mails.length > 0);
    for (const { mail } of at.server.mails) assert.deepEqual([mail.attachments, notes(mail)], [[], []]);
  });

  test('where nobody could make one', async () => {
    await using at = await scene();
    assert.equal((await at.tell(undefined))[0]?.outcome, 'sent');
    assert.deepEqual(onlyMail(at.server).attachments, []);
  });
});
