import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ShownCertificate } from '../../src/notices/announce.ts';
import { judge, sightsOf } from '../../src/notices/states.ts';
import type { Health } from '../../src/runs/health.ts';
import type { KnownState } from '../../src/store/store.ts';
import { AT, after, healthAfter, hold } from './healths.ts';

/** What is found at one time. */
interface Moment extends Partial<Health> {
  /** In minutes. */
  readonly at: number;
  /** The newest ended run; one a look unless it says otherwise. */
  readonly ran?: number;
  readonly certificate?: ShownCertificate;
}

/** Looks at one moment after the other, as `rosterd` does; tells what there is to tell each time. */
function told(moments: readonly Moment[]): string[][] {
  const known = new Map<string, KnownState>();
  return moments.map(({ at, ran, certificate, ...health }, place) => {
    const now = after(at);
    const looked = { health: healthAfter(ran ?? place + 1, health), certificate, host: 'gate', now };
    return sightsOf(looked).flatMap(sight => {
      const { after: state, transitions } = judge(known.get(sight.subject), sight, now);
      if (state) known.set(sight.subject, state);
      return transitions.map(
        ({ how, spell }) => `${how} ${sight.kind}${sight.kind === 'held' ? ` ${spell.mark}` : ''}`,
      );
    });
  });
}

const failing = (since: number) => ({ failing: { since: after(since), why: 'source hr: broken' } });
const expiring = (days: number, file = '/etc/cert.pem') => ({
  certificate: { file, expires: new Date(AT.getTime() + days * 86_400_000) },
});

suite('what is told', () => {
  for (const [what, moments, expected] of [
    ['of a healthy system is nothing', [{ at: 0 }, { at: 1 }], [[], []]],
    [
      'of a hold: once, and its end',
      [{ at: 0, hold: hold(3) }, { at: 1, hold: hold(3) }, { at: 2 }, { at: 3 }],
      [['entered held 3'], [], ['left held 3'], []],
    ],
    [
      'of another hold: that the one is over, and the other',
      [
        { at: 0, hold: hold(3) },
        { at: 1, hold: hold(4) },
      ],
      [['entered held 3'], ['left held 3', 'entered held 4']],
    ],
    [
      'of a failure: the first, and the end at once when it has lasted for an hour',
      [{ at: 0 }, { at: 1, ...failing(1) }, { at: 2, ...failing(1) }, { at: 61 }, { at: 62 }],
      [[], ['entered failed'], [], ['left failed'], []],
    ],
    [
      'of a failure that was told less than an hour before: the end once it was good for 15 minutes',
      [{ at: 0, ...failing(0) }, { at: 59 }, { at: 60 }, { at: 73 }, { at: 74 }],
      [['entered failed'], [], [], [], ['left failed']],
    ],
    [
      'of a failure that comes back before its end was told: nothing, and its end after an hour without it',
      [{ at: 0, ...failing(0) }, { at: 10 }, { at: 20, ...failing(20) }, { at: 90 }, { at: 149 }, { at: 150 }],
      [['entered failed'], [], [], [], [], ['left failed']],
    ],
    [
      'of a failure less than an hour after another: nothing, until it has lasted 45 minutes; and its end an hour after it',
      [
        { at: 0, ...failing(0) },
        { at: 5 },
        { at: 20 },
        { at: 64, ...failing(64) },
        { at: 108, ...failing(64) },
        { at: 109, ...failing(64) },
        { at: 110 },
        { at: 169 },
        { at: 170 },
      ],
      [['entered failed'], [], ['left failed'], [], [], ['entered failed'], [], [], ['left failed']],
    ],
    [
      'of a failure after an hour without any: it, at once',
      [{ at: 0, ...failing(0) }, { at: 5 }, { at: 20 }, { at: 65, ...failing(65) }],
      [['entered failed'], [], ['left failed'], ['entered failed']],
    ],
    [
      'of a failure after one that nobody was told of: nothing, as if they had been',
      [
        { at: 0, ...failing(0) },
        { at: 60 },
        { at: 90, ...failing(90) },
        { at: 100 },
        { at: 130, ...failing(130) },
        { at: 140 },
        { at: 200, ...failing(200) },
      ],
      [['entered failed'], ['left failed'], [], [], [], [], ['entered failed']],
    ],
    [
      'of failures of every other run at every 15 minutes: one',
      Array.from({ length: 96 }, (_, place) => ({ at: place * 15, ...(place % 2 ? {} : failing(place * 15)) })),
      Array.from({ length: 96 }, (_, place) => (place === 0 ? ['entered failed'] : [])),
    ],
    [
      'of failures before a clock that was set back: nothing more, and nothing that hides the next one',
      [{ at: 3000, ...failing(3000) }, { at: 3010 }, { at: 0 }, { at: 10, ...failing(10) }],
      [['entered failed'], [], ['left failed'], ['entered failed']],
    ],
    [
      'of staleness: its beginning and its end',
      [{ at: 0 }, { at: 1, staleSince: AT }, { at: 2, staleSince: AT }, { at: 3 }],
      [[], ['entered stale'], [], ['left stale']],
    ],
    [
      'of staleness: nothing that comes of a clock that is behind',
      [
        { at: 9, ran: 7, staleSince: AT },
        { at: 8, ran: 7 },
        { at: 9, ran: 6 },
        { at: 10, ran: 7, staleSince: AT },
        { at: 11, ran: 8 },
      ],
      [['entered stale'], [], [], [], ['left stale']],
    ],
    [
      'of a hold: nothing that comes of an older look',
      [
        { at: 1, ran: 5, hold: hold(3) },
        { at: 1, ran: 4 },
        { at: 2, ran: 6 },
        { at: 2, ran: 5, hold: hold(3) },
      ],
      [['entered held 3'], [], ['left held 3'], []],
    ],
    [
      'of old quarantine: nothing at first',
      [
        { at: 0, quarantined: 12 },
        { at: 1, quarantined: 12 },
      ],
      [[], []],
    ],
    [
      'of quarantine: when it grows beyond what was known or told, and when it is back at what was known',
      [3, 4, 4, 6, 5, 6, 2, 3, 0, 0, 1].map((quarantined, at) => ({ at, quarantined })),
      [
        [],
        ['entered quarantine'],
        [],
        ['worse quarantine'],
        [],
        [],
        ['left quarantine'],
        ['entered quarantine'],
        ['left quarantine'],
        [],
        ['entered quarantine'],
      ],
    ],
    [
      'of quarantine that goes up and down: only what is more than ever since it began',
      [3, 4, 5, 4, 5, 4, 5, 6].map((quarantined, at) => ({ at, quarantined })),
      [[], ['entered quarantine'], ['worse quarantine'], [], [], [], [], ['worse quarantine']],
    ],
    [
      'of quarantine that is as it was before: that it is over, and the next time it grows',
      [3, 8, 3, 4].map((quarantined, at) => ({ at, quarantined })),
      [[], ['entered quarantine'], ['left quarantine'], ['entered quarantine']],
    ],
    [
      'of quarantine that sinks before it grows: only that',
      [5, 2, 3].map((quarantined, at) => ({ at, quarantined })),
      [[], [], ['entered quarantine']],
    ],
    [
      'of the first quarantine of a store that had none: it',
      [
        { at: 0, last: undefined, good: undefined, ran: 0 },
        { at: 1, quarantined: 2 },
      ],
      [[], ['entered quarantine']],
    ],
    [
      'of a certificate: each of four steps once, and that it was renewed',
      [40, 30, 29, 7, 6.5, 1, 0, -1, 90].map((days, at) => ({ at: 0, ran: at, ...expiring(days) })),
      [
        [],
        ['entered certificate'],
        [],
        ['worse certificate'],
        [],
        ['worse certificate'],
        ['worse certificate'],
        [],
        ['left certificate'],
      ],
    ],
    [
      'of a certificate that is never good for long: each renewal is quiet',
      [6, 5, 0.5, 6, 0.5].map(days => ({ at: 0, ...expiring(days) })),
      [['entered certificate'], [], ['worse certificate'], [], ['worse certificate']],
    ],
    [
      'of a certificate that is renewed in another file: that',
      [
        { at: 0, ...expiring(3, '/etc/old.pem') },
        { at: 1, ...expiring(90, '/etc/new.pem') },
      ],
      [['entered certificate'], ['left certificate']],
    ],
    [
      'of several at once: all',
      [{ at: 0 }, { at: 1, ...failing(1), staleSince: AT, hold: hold(1) }],
      [[], ['entered held 1', 'entered failed', 'entered stale']],
    ],
  ] as const satisfies readonly (readonly [string, readonly Moment[], readonly (readonly string[])[]])[]) {
    test(what, () => assert.deepEqual(told(moments), expected));
  }

  test('tells since when, as the store has it', () => {
    const now = after(9);
    const health = healthAfter(9, { hold: hold(3), ...failing(4), staleSince: after(2), quarantined: 1 });
    const sights = sightsOf({ health, certificate: expiring(3).certificate, host: 'gate', now });
    const spells = sights.map(sight => judge(undefined, sight, now).after);
    assert.deepEqual(
      spells.map(one => [one?.subject, one?.standing, one?.since]),
      [
        ['held', true, after(3)],
        ['failed', true, after(4)],
        ['stale', true, after(2)],
        ['quarantine', false, undefined],
        ['certificate gate', true, now],
      ],
    );
  });
});

test('the certificates of machines with long names are told apart, by what fits into a column', () => {
  const subjects = ['a', 'b'].map(end => {
    const looked = { health: healthAfter(1), certificate: expiring(3).certificate, host: `${'林'.repeat(400)}${end}` };
    return sightsOf({ ...looked, now: AT }).find(one => one.kind === 'certificate')?.subject ?? '';
  });
  assert.equal(new Set(subjects).size, 2);
  assert.ok(subjects.every(one => Buffer.byteLength(one) < 767));
});

test('however often runs fail, at most three things are told of that before an hour without failures', () => {
  const phase = fc.record({ bad: fc.integer({ min: 1, max: 150 }), good: fc.integer({ min: 1, max: 59 }) });
  fc.assert(
    fc.property(fc.array(phase, { minLength: 1, maxLength: 40 }), phases => {
      let at = 0;
      const moments = phases.flatMap(({ bad, good }): Moment[] => {
        const since = at;
        at += bad + good;
        return Array.from({ length: bad + good }, (_, minute) => ({
          at: since + minute,
          ...(minute < bad ? failing(since) : {}),
        }));
      });
      assert.ok(told(moments).flat().length <= 3);
    }),
    { numRuns: 60 },
  );
});

const minutes = fc.integer({ min: 0, max: 40 });
const anyMoment = fc.record({
  pause: minutes,
  hold: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  failing: fc.option(minutes, { nil: undefined }),
  stale: fc.boolean(),
  quarantined: fc.integer({ min: 0, max: 4 }),
  days: fc.option(fc.integer({ min: -2, max: 40 }), { nil: undefined }),
  ran: fc.integer({ min: 0, max: 2 }),
});

test('whatever happens, a state is entered and left in turn, and gets worse only in between', () => {
  fc.assert(
    fc.property(fc.array(anyMoment, { maxLength: 30 }), happening => {
      let [at, ran] = [0, 0];
      const moments = happening.map(({ pause, days, ...one }): Moment => {
        at += pause;
        ran += one.ran;
        return {
          ...{ at, ran, quarantined: one.quarantined },
          ...(one.hold === undefined ? {} : { hold: hold(one.hold) }),
          ...(one.failing === undefined ? {} : failing(at - one.failing)),
          ...(one.stale ? { staleSince: AT } : {}),
          ...(days === undefined ? {} : expiring(days)),
        };
      });
      const standing = new Map<string, string>();
      for (const line of told(moments).flat()) {
        const [how, kind = '', mark = ''] = line.split(' ');
        assert.equal(standing.has(kind), how !== 'entered', line);
        if (how !== 'entered') assert.equal(standing.get(kind), mark, line);
        if (how === 'left') standing.delete(kind);
        else standing.set(kind, mark);
      }
    }),
    { numRuns: 1000 },
  );
});
