import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FreshNotice, KnownState, Notices } from '../../src/store/store.ts';
import { engines } from './engines.ts';
import { AT, NOBODY, person, publish, roster } from './rosters.ts';

const after = (minutes: number) => new Date(AT.getTime() + minutes * 60_000);

const standing = (more: Partial<KnownState> = {}): KnownState => ({
  ...{ subject: 'held', mark: '3', level: 1, standing: true, entered: AT, since: AT, run: 5 },
  ...more,
});
const over = standing({ mark: '', level: 0, standing: false, since: undefined, run: 6 });

let count = 0;
const fresh = (more: Partial<FreshNotice> = {}): FreshNotice => {
  const [at, content] = [AT, JSON.stringify({ kind: 'held', hold: 3 })];
  return { id: `msg_${count++}`, channel: 'a', subject: 'held', entered: AT, kind: 'held', at, content, ...more };
};
const recovered = (more: Partial<FreshNotice> = {}) => fresh({ kind: 'recovered', ...more });

/** Writes down what there is to tell, whatever was known. */
async function record(notices: Notices, some: readonly FreshNotice[], state = standing()): Promise<void> {
  const before = await notices.states();
  assert.equal(await notices.record({ before, after: [state], fresh: some }), true);
}

const claim = (notices: Notices, minutes: number, channel = 'a') =>
  notices.claimNext(channel, { now: after(minutes), until: after(minutes + 2) });

/** What a channel would be told now, if each of it arrived. */
async function told(notices: Notices, minutes: number, channel = 'a'): Promise<string[]> {
  const kinds: string[] = [];
  for (let one = await claim(notices, minutes, channel); one; one = await claim(notices, minutes, channel)) {
    await notices.sent(one.number, after(minutes));
    kinds.push(one.kind);
  }
  return kinds;
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`notices in ${engine}`, () => {
    test('begin with nothing known, and know what was written', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.deepEqual(await store.notices.states(), []);
      const states = [standing({ subject: 'certificate gate /etc/林.pem', mark: '' }), over];
      assert.equal(await store.notices.record({ before: [], after: states, fresh: [] }), true);
      assert.deepEqual(await store.notices.states(), states);
      await record(store.notices, [], standing({ level: 4 }));
      assert.deepEqual(await store.notices.states(), [states[0], standing({ level: 4 })]);
    });

    test('are written only by who has seen what is known, and by one of several at once', async () => {
      await using here = await place();
      await using store = await here.open();
      await using other = await here.open({ migrate: false });
      const look = { before: [], after: [standing()], fresh: [fresh()] };
      // Within one thread SQLite cannot wait for another connection of it.
      const first = engine === 'SQLite' ? await store.notices.record(look) : store.notices.record(look);
      const written = await Promise.all([first, other.notices.record(look)]);
      assert.deepEqual(written.sort(), [false, true]);
      assert.equal(await other.notices.record({ ...look, after: [over], fresh: [recovered()] }), false);
      assert.deepEqual(await store.notices.states(), [standing()]);
      assert.equal((await here.rows('select * from notices')).length, 1);
    });

    test('are claimed by one at a time, oldest first, each channel its own', async () => {
      await using here = await place();
      await using store = await here.open();
      await using other = await here.open({ migrate: false });
      const [first, second, third] = [fresh(), fresh({ subject: 'stale' }), fresh({ channel: 'b' })];
      await record(store.notices, [first, second, third]);
      const claimed = await Promise.all([claim(store.notices, 0), claim(other.notices, 0)]);
      const {
        number: _,
        maybe,
        attempts,
        ...one
      } = claimed.find(found => found?.id === first.id) ?? assert.fail('not there');
      assert.deepEqual([one, attempts, maybe], [first, 0, false]);
      assert.deepEqual(new Set(claimed.map(found => found?.id)), new Set([first.id, second.id]));
      assert.equal(await claim(store.notices, 1), undefined);
      assert.equal((await claim(store.notices, 1, 'b'))?.id, third.id);
    });

    test('are free again when who claimed them has died, and not when they were sent', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh(), fresh({ subject: 'stale' })]);
      const [sent, lost] = [await claim(store.notices, 0), await claim(store.notices, 0)];
      await store.notices.sent(sent?.number ?? 0, after(0));
      assert.equal(await claim(store.notices, 1.9), undefined);
      assert.equal((await claim(store.notices, 2))?.id, lost?.id);
    });

    test('wait after a failure, and are not tried when they were given up', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh()]);
      const one = await claim(store.notices, 0);
      assert.equal(one && (await store.notices.postpone(one, { due: after(5), maybe: false })), true);
      assert.equal(await claim(store.notices, 4), undefined);
      const again = await claim(store.notices, 5);
      assert.deepEqual([again?.id, again?.attempts], [one?.id, 1]);
      await store.notices.givenUp(again?.number ?? 0, after(5));
      assert.equal(await claim(store.notices, 99), undefined);
    });

    test('of what is over are told in order, to those who heard that it was', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh()]);
      const one = await claim(store.notices, 0);
      await record(store.notices, [recovered(), recovered({ channel: 'b' })], over);
      assert.equal(await claim(store.notices, 0), undefined, 'the beginning is just being told');
      await store.notices.sent(one?.number ?? 0, after(0));
      assert.deepEqual(await told(store.notices, 0), ['recovered']);
      assert.deepEqual(await told(store.notices, 99, 'b'), []);
    });

    test('of what was over before it could be told are dropped, with their end', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh(), fresh({ kind: 'stale', subject: 'stale' })]);
      await record(store.notices, [recovered()], over);
      assert.deepEqual(await told(store.notices, 99), ['stale']);
      await record(store.notices, [fresh({ entered: after(1) })]);
      const one = await claim(store.notices, 99);
      assert.ok(one && (await store.notices.postpone(one, { due: after(100), maybe: false })));
      await record(store.notices, [recovered({ entered: after(1) })], over);
      assert.deepEqual(await told(store.notices, 999), []);
    });

    test('that fail while what they are about ends are dropped, with their end', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh()]);
      const one = await claim(store.notices, 0);
      await record(store.notices, [recovered()], over);
      assert.equal(one && (await store.notices.postpone(one, { due: after(1), maybe: false })), false);
      assert.deepEqual(await told(store.notices, 99), []);
    });

    test('that may have arrived are told again, and then their end', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh(), fresh({ kind: 'stale', subject: 'stale' })]);
      const one = await claim(store.notices, 0);
      assert.equal(one && (await store.notices.postpone(one, { due: after(1), maybe: true })), true);
      await claim(store.notices, 0);
      await record(store.notices, [recovered(), recovered({ subject: 'stale' })], over);
      assert.deepEqual(await told(store.notices, 9), ['held', 'stale', 'recovered', 'recovered']);
    });

    test('of somebody who died at it may have arrived, even when the next try does not', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh()]);
      await claim(store.notices, 0);
      const again = await claim(store.notices, 3);
      assert.ok(again && (await store.notices.postpone(again, { due: after(4), maybe: false })));
      await record(store.notices, [recovered()], over);
      assert.deepEqual(await told(store.notices, 9), ['held', 'recovered']);
    });

    test('are for those who have heard nothing of a spell only once, however many look at the same time', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh()]);
      const [late, known] = [() => fresh({ channel: 'b' }), standing()];
      const look = { before: [known], after: [], fresh: [] };
      assert.equal(await store.notices.record({ ...look, unheard: [late(), fresh({ channel: 'a' })] }), true);
      assert.deepEqual(await told(store.notices, 0, 'b'), ['held']);
      assert.equal(await store.notices.record({ ...look, unheard: [late()] }), true);
      assert.deepEqual(await told(store.notices, 0, 'b'), []);
      assert.deepEqual(await told(store.notices, 0), ['held']);
      const about = { subject: 'held', entered: AT };
      assert.deepEqual(
        (await store.notices.heard(['held', 'stale'])).sort((a, b) => (a.channel < b.channel ? -1 : 1)),
        [
          { channel: 'a', ...about },
          { channel: 'b', ...about },
        ],
      );
      assert.deepEqual(await store.notices.heard(['stale']), []);
    });

    test('that a clock ahead put off for longer than anything waits are due', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh(), fresh({ subject: 'stale' })]);
      const [day, half] = [24 * 60, 12 * 60];
      const one = await claim(store.notices, day);
      assert.ok(one && (await store.notices.postpone(one, { due: after(day + half), maybe: false })));
      const other = await claim(store.notices, day);
      assert.equal(await claim(store.notices, day), undefined, 'one waits, and somebody is at the other');
      assert.equal((await claim(store.notices, 1))?.id, one?.id);
      assert.deepEqual([(await claim(store.notices, 1))?.id, other?.maybe], [other?.id, false]);
      assert.equal(await claim(store.notices, 1), undefined);
    });

    test('that say more take the place of those that were not told yet', async () => {
      await using here = await place();
      await using store = await here.open();
      const content = JSON.stringify({ count: 9 });
      await record(store.notices, [fresh({ kind: 'quarantine', subject: 'quarantine' })]);
      await record(store.notices, [fresh({ kind: 'quarantine', subject: 'quarantine', content })]);
      const one = await claim(store.notices, 0);
      assert.deepEqual([one?.content, await claim(store.notices, 0)], [content, undefined]);
    });

    test('are kept for a month, and as long as what they tell of stands', async () => {
      await using here = await place();
      await using store = await here.open();
      const [day, ids] = [24 * 60, async () => (await here.rows('select id from notices order by number')).length];
      await record(store.notices, [fresh(), fresh({ subject: 'stale' })]);
      await told(store.notices, 0);
      await store.notices.forget(['a'], after(29 * day));
      assert.equal(await ids(), 2);
      await store.notices.forget(['a'], after(31 * day));
      assert.equal(await ids(), 1, 'the one about staleness, which does not stand');
      await record(store.notices, [recovered({ at: after(31 * day) })], over);
      assert.deepEqual(await told(store.notices, 31 * day), ['recovered']);
      await store.notices.forget(['a'], after(31 * day + 1));
      assert.equal(await ids(), 1);
      await store.notices.forget(['a'], after(62 * day));
      assert.equal(await ids(), 0);
    });

    test('are forgotten with their channel, an hour after', async () => {
      await using here = await place();
      await using store = await here.open();
      await record(store.notices, [fresh(), fresh({ channel: 'gone' })]);
      await store.notices.forget(['a'], after(60));
      assert.equal((await here.rows('select id from notices')).length, 2);
      await store.notices.forget(['a'], after(61));
      assert.deepEqual(await told(store.notices, 99, 'gone'), []);
      assert.deepEqual(await told(store.notices, 99), ['held']);
    });

    test('that have nothing to say write nothing, so that nobody reads the store anew', async () => {
      await using here = await place();
      await using store = await here.open();
      await using other = await here.open({ migrate: false });
      await record(store.notices, [fresh()]);
      await told(store.notices, 0);
      const mark = await other.mark();
      await store.notices.states();
      await store.notices.forget(['a'], after(1));
      assert.equal(await claim(store.notices, 1), undefined);
      assert.equal(await other.mark(), mark);
    });

    test('do not name who was purged', async () => {
      await using here = await place();
      await using store = await here.open();
      const [ann, bob] = [person('hr/ann'), person('hr/bob')];
      await publish(store, NOBODY, roster([ann, bob]));
      await publish(store, roster([ann, bob]), roster([bob]));
      const content = JSON.stringify({
        ...{ kind: 'held', host: 'ann', reasons: [{ guard: 'protect', text: 'ann and bob would go' }] },
        ...{ why: 'it is about ann@corp.example', end: { reason: 'ann asked' } },
      });
      await record(store.notices, [fresh({ content })]);
      await store.purge(ann.key, { dryRun: true });
      assert.equal((await claim(store.notices, 0))?.content, content);
      await store.purge(ann.key, { dryRun: false });
      assert.deepEqual(JSON.parse((await claim(store.notices, 9))?.content ?? ''), {
        ...{ kind: 'held', host: 'ann', reasons: [{ guard: 'protect', text: '(erased) and bob would go' }] },
        ...{ why: 'it is about (erased)', end: { reason: '(erased) asked' } },
      });
    });
  });
}
