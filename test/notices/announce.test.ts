import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Announced, announce, type Desk } from '../../src/notices/announce.ts';
import { CLAIM, WAITS } from '../../src/notices/deliver.ts';
import type { Health } from '../../src/runs/health.ts';
import { LONGEST_WAIT } from '../../src/store/notices.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, type Place, sqlite } from '../store/engines.ts';
import { type Handler, type Peer, startPeer } from '../support/http-peer.ts';
import { type Program, startProgram } from '../support/program.ts';
import { channels, deskOf } from './desks.ts';
import { after, healthAfter, hold } from './healths.ts';

const PATH = '/hooks/T0000/s3cretToken';
const OK: Handler = (_, response) => response.writeHead(204).end();
const FAILS: Handler = (_, response) => response.writeHead(500).end(`${PATH} is full`);
const CUTS: Handler = (_, response) => response.destroy();

const hook = ({ origin }: Peer, more: object = {}) => ({ type: 'webhook', url: `${origin}${PATH}`, ...more });

interface Payload {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a peer was sent, which it then forgets. */
const received = (peer: Peer): Payload[] => peer.requests.splice(0).map(request => JSON.parse(request.body));
const kinds = (peer: Peer) => received(peer).map(one => one.type.replace('rosterd.', ''));
const outcomes = (told: readonly Announced[]) => told.map(one => `${one.kind} ${one.outcome}`);

/** Announces how it stands after a run, so many minutes after the beginning. */
const announcer =
  (store: Store, notify: Desk['notify']) =>
  (minutes: number, ran: number, health: Partial<Health> = {}, more: Partial<Desk> = {}) =>
    announce(deskOf(store, { notify, now: after(minutes), health: healthAfter(ran, health), ...more }));

const emailTo = (server: string) => ({
  ...{ type: 'email', server: `smtp://${server}`, from: 'rosterd@acme.example', to: 'ops@acme.example' },
});

/** What a peer does now, and may do otherwise later. */
function changing(first: Handler): { now: Handler; readonly handler: Handler } {
  const then = { now: first, handler: ((request, response) => then.now(request, response)) as Handler };
  return then;
}

const HELD = { hold: hold(3) };

const child = (here: Place, peer: Peer): Promise<Program> => {
  const file = fileURLToPath(new URL('child.ts', import.meta.url));
  return startProgram(process.execPath, [file, here.config.url, `${peer.origin}${PATH}`]);
};

for (const [engine, place] of Object.entries(engines)) {
  suite(`announcing on ${engine}`, () => {
    test('tells each channel once of each change, and nothing of what is well', async () => {
      await using here = await place();
      await using store = await here.open();
      await using one = await startPeer(OK);
      await using other = await startPeer(OK);
      const look = announcer(store, channels(hook(one), hook(other), hook(other)));
      assert.deepEqual(await look(0, 1, { quarantined: 12 }), []);
      assert.deepEqual(outcomes(await look(1, 2, { ...HELD, quarantined: 12 })), ['held sent', 'held sent']);
      assert.deepEqual(await look(2, 3, { ...HELD, quarantined: 12 }), []);
      assert.deepEqual(outcomes(await look(3, 4)), ['recovered sent', 'recovered sent']);
      assert.deepEqual(await look(4, 5), []);
      for (const peer of [one, other]) assert.deepEqual(kinds(peer), ['held', 'recovered']);
    });

    test('is done by one of several daemons', async () => {
      await using here = await place();
      await using store = await here.open();
      await using peer = await startPeer(OK);
      await using daemons = new AsyncDisposableStack();
      const all = await Promise.all([1, 2, 3].map(async () => daemons.use(await child(here, peer))));
      await Promise.all(all.map(one => one.waitFor(/^ready/m)));
      for (const one of all) one.kill('SIGUSR2');
      const lines = await Promise.all(all.map(async one => (await one.waitFor(/^told (.*)/m))[1]));
      assert.deepEqual(lines.sort(), ['["held sent"]', '[]', '[]']);
      assert.deepEqual(kinds(peer), ['held']);
      assert.deepEqual(await announcer(store, channels(hook(peer)))(1, 6, HELD), []);
    });

    test('is done again by another daemon when one dies at it, under the same id', async () => {
      await using here = await place();
      await using store = await here.open();
      const then = changing(() => mortal.kill('SIGKILL'));
      await using peer = await startPeer(then.handler);
      await using mortal = await child(here, peer);
      await mortal.waitFor(/^ready/m);
      mortal.kill('SIGUSR2');
      await mortal.exited;
      then.now = OK;
      const look = announcer(store, channels(hook(peer)));
      assert.deepEqual(await look(1, 6, HELD), [], 'somebody else may still be at it');
      assert.deepEqual(outcomes(await look(CLAIM / 60_000, 7)), ['held sent', 'recovered sent']);
      const [first, again] = peer.requests.map(request => request.headers['webhook-id']);
      assert.equal(again, first);
      assert.deepEqual(
        received(peer).map(({ type, data }) => [type, data['current']]),
        [
          ['rosterd.held', true],
          ['rosterd.held', false],
          ['rosterd.recovered', true],
        ],
      );
    });
  });
}

/** A receiver that can be changed, and how things are told to it. */
async function scene(first: Handler, more: object = {}) {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await sqlite());
  const store = stack.use(await here.open());
  const then = changing(first);
  const peer = stack.use(await startPeer(then.handler));
  const owned = stack.move();
  return {
    ...{ here, store, then, peer, look: announcer(store, channels(hook(peer, more))) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

suite('announcing', () => {
  test('tries again after 10 s, 1 min, 5 min, 30 min, 2 h, 6 h and 12 h, and then says that it gave up', async () => {
    await using at = await scene(FAILS);
    const channel = `webhook ${at.peer.origin}/…oken`;
    const told = await at.look(0, 5, HELD);
    let minutes = 0;
    for (const wait of WAITS) {
      assert.deepEqual(await at.look(minutes + (wait - 1) / 60_000, 5, HELD), [], `${wait} ms have not passed`);
      minutes += wait / 60_000;
      told.push(...(await at.look(minutes, 5, HELD)));
    }
    const why = 'answers 500: … is full';
    const later: Announced = { channel, kind: 'held', outcome: 'later', why };
    assert.deepEqual(told, [...WAITS.map(() => later), { ...later, outcome: 'given_up' }]);
    assert.deepEqual(
      WAITS,
      [10, 60, 300, 1800, 7200, 21_600, 43_200].map(seconds => seconds * 1000),
    );
    at.then.now = OK;
    assert.deepEqual(
      await at.look(minutes + 99_999, 6),
      [],
      'nobody is told that something is over of which they never heard',
    );
  });

  test('gives up at once what is gone, and waits as long as it is asked to, up to an hour', async () => {
    await using at = await scene((_, response) => response.writeHead(410).end());
    const channel = `webhook ${at.peer.origin}/…oken`;
    assert.deepEqual(await at.look(0, 5, HELD), [{ channel, kind: 'held', outcome: 'given_up', why: 'answers 410' }]);
    for (const [asked, waits] of [
      ['7200', 60],
      ['600', 10],
      ['1', 10 / 60],
    ] as const) {
      await using other = await scene((_, response) => response.writeHead(503, { 'retry-after': asked }).end());
      assert.deepEqual(outcomes(await other.look(0, 5, HELD)), ['held later']);
      assert.deepEqual(await other.look(waits - 1 / 60, 5, HELD), []);
      assert.deepEqual(outcomes(await other.look(waits, 5, HELD)), ['held later']);
    }
  });

  test('of one channel is not hindered by another', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await using bad = await startPeer(FAILS);
    await using good = await startPeer(OK);
    const notify = channels(hook(bad), { ...hook(good), tls: { ca_file: 'no.pem' } }, emailTo('nobody.invalid:1'));
    const told = await announcer(store, notify)(0, 5, { ...HELD, staleSince: after(0) });
    assert.deepEqual(outcomes(told), ['held later', 'held sent', 'stale sent', 'held later']);
    assert.doesNotMatch(JSON.stringify(told), /s3cret|T0000/);
  });

  test('tells nobody of what was over before it could be told', async () => {
    await using at = await scene(FAILS);
    assert.deepEqual(outcomes(await at.look(0, 5, HELD)), ['held later']);
    at.then.now = OK;
    assert.deepEqual(await at.look(1, 6), []);
    assert.deepEqual(kinds(at.peer), ['held'], 'the try that failed');
  });

  test('tells what may have arrived again, says that it is over, and then how it ended', async () => {
    await using at = await scene(CUTS);
    assert.deepEqual(outcomes(await at.look(0, 5, HELD)), ['held later']);
    at.then.now = OK;
    assert.deepEqual(outcomes(await at.look(1, 6)), ['held sent', 'recovered sent']);
    const [first, again, end] = received(at.peer);
    assert.deepEqual([first?.data['current'], again?.data['current'], end?.data['current']], [true, false, true]);
    assert.match(String(again?.data['text']), /^This was so at 2026-11-25 08:00 \(UTC\); it is over by now\.\n/);
  });

  test('says of what is over that it has come back when that is so by then', async () => {
    await using at = await scene(OK);
    await at.look(0, 5, HELD);
    at.then.now = FAILS;
    await at.look(1, 6);
    at.then.now = OK;
    assert.deepEqual(outcomes(await at.look(2, 7, { hold: hold(4) })), ['recovered sent', 'held sent']);
    const [, , end, held] = received(at.peer);
    assert.match(String(end?.data['text']), /it has come back since\./);
    assert.deepEqual([end?.data['current'], held?.data['current']], [false, true]);
  });

  test('tells a channel only what it asks for', async () => {
    await using at = await scene(OK, { on: ['stale', 'recovered'] });
    await at.look(0, 5, HELD);
    await at.look(1, 6, { staleSince: after(0) });
    await at.look(2, 7);
    assert.deepEqual(kinds(at.peer), ['stale', 'recovered']);
    await using other = await scene(OK, { on: ['held'] });
    await other.look(0, 5, HELD);
    await other.look(1, 6);
    assert.deepEqual(kinds(other.peer), ['held']);
  });

  test('forgets what waits for a channel that is not there any more', async () => {
    await using at = await scene(FAILS);
    await at.look(0, 5, HELD);
    await using other = await startPeer(OK);
    const elsewhere = announcer(at.store, channels(hook(other)));
    const left = async () => (await at.here.rows('select outcome from notices')).map(one => one['outcome']);
    assert.deepEqual(outcomes(await elsewhere(1, 6, HELD)), ['held sent']);
    assert.deepEqual(await left(), ['', 'sent']);
    await elsewhere(61, 7, HELD);
    assert.deepEqual(await left(), ['sent']);
  });

  test('tells a channel that was not there when it began of what stands, once, and nobody else again', async () => {
    await using at = await scene(OK);
    await using other = await startPeer(OK);
    const bad = { ...HELD, staleSince: after(0), quarantined: 5 };
    await at.look(0, 5, { quarantined: 5 });
    assert.deepEqual(kinds(at.peer), []);
    await at.look(1, 6, bad);
    const both = announcer(at.store, channels(hook(at.peer), hook(other, { on: ['held', 'failed', 'recovered'] })));
    assert.deepEqual(outcomes(await both(2, 7, bad)), ['held sent']);
    assert.deepEqual(await both(3, 8, bad), []);
    assert.deepEqual(outcomes(await both(4, 9, { quarantined: 5 })), [
      'recovered sent',
      'recovered sent',
      'recovered sent',
    ]);
    assert.deepEqual(kinds(at.peer), ['held', 'stale', 'recovered', 'recovered']);
    const [held, end] = received(other);
    assert.deepEqual(
      [held?.data['hold'], held?.data['since'], end?.data['state']],
      [3, after(3).toISOString(), 'held'],
    );
    await using late = await startPeer(OK);
    assert.deepEqual(await announcer(at.store, channels(hook(late)))(5, 10, { quarantined: 5 }), []);
  });

  test('tells a new channel nothing of runs that are good again, which is not told yet', async () => {
    await using at = await scene(OK);
    await using other = await startPeer(OK);
    await at.look(0, 5, { failing: { since: after(0), why: 'broken' } });
    const both = announcer(at.store, channels(hook(at.peer), hook(other)));
    assert.deepEqual(await both(1, 6), []);
    assert.deepEqual(outcomes(await both(16, 7)), ['recovered sent']);
    assert.deepEqual([kinds(at.peer), kinds(other)], [['failed', 'recovered'], []]);
  });

  test('tells how many are kept out when that is no more than before', async () => {
    await using at = await scene(OK);
    for (const [minutes, quarantined] of [3, 8, 3].entries()) await at.look(minutes, minutes, { quarantined });
    assert.deepEqual(
      received(at.peer).map(({ data }) => [data['count'], data['end']]),
      [
        [8, undefined],
        [undefined, { how: 'fewer', count: 3 }],
      ],
    );
  });

  test('puts nothing off for longer than the store takes for a clock that was set back', () => {
    assert.ok(WAITS.every(wait => wait <= LONGEST_WAIT));
    assert.ok(CLAIM <= LONGEST_WAIT);
  });

  test('tells of the certificate of each machine by itself', async () => {
    await using at = await scene(OK);
    const certificate = { file: '/etc/cert.pem', expires: after(60 * 24 * 6.5) };
    await at.look(0, 5, {}, { certificate });
    await at.look(1, 5, {}, { certificate, host: 'other' });
    await at.look(2, 5, {}, { certificate });
    await at.look(3, 5, {}, { certificate: { ...certificate, expires: after(60 * 24 * 90) } });
    assert.deepEqual(
      received(at.peer).map(({ type, data }) => [type, data['host'], data['days']]),
      [
        ['rosterd.certificate', 'gate', 6],
        ['rosterd.certificate', 'other', 6],
        ['rosterd.recovered', 'gate', undefined],
      ],
    );
  });

  test('is not done twice at once in one process', async () => {
    await using at = await scene(async (_, response) => {
      assert.deepEqual(await at.look(0, 5, { ...HELD, staleSince: after(0) }), []);
      response.writeHead(204).end();
    });
    assert.deepEqual(outcomes(await at.look(0, 5, HELD)), ['held sent']);
    assert.deepEqual(
      (await at.store.notices.states()).filter(one => one.standing).map(one => one.subject),
      ['held'],
    );
    at.then.now = OK;
    assert.deepEqual(outcomes(await at.look(1, 6)), ['recovered sent']);
  });

  test('where nobody is to be told does nothing', async () => {
    await using at = await scene(OK);
    assert.deepEqual(await announcer(at.store, [])(0, 5, HELD), []);
    assert.deepEqual(await at.store.notices.states(), []);
  });

  test('throws when the store cannot be used', async () => {
    await using at = await scene(OK);
    await at.here.rows('drop table notices');
    await assert.rejects(at.look(0, 5, HELD), /no such table: notices/);
    await at.here.rows('drop table notice_states');
    await assert.rejects(at.look(0, 5, HELD), /no such table: notice_states/);
  });
});
