import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stepClock } from './faults/clock.ts';
import { cutSource, cutStore } from './faults/connections.ts';
import { fillDisk } from './faults/disk.ts';
import { kill } from './faults/kill.ts';
import { type Kind, Tally } from './faults/series.ts';
import { chanceOf, givenSeed } from './support/chance.ts';

/**
 * Faults at moments that chance decides: whatever `/sync` says was true once, in full, and whatever was said to be published
 * is there. `npm run faults` injects thousands; `ROSTERD_TEST_SEED` repeats the choices of a run, if not its timing.
 */
const FAULTS = Number(process.env['ROSTERD_TEST_FAULTS'] ?? 200);

interface Series {
  readonly what: string;
  /** Of all faults. */
  readonly share: number;
  readonly kind: Kind;
}

const SERIES: readonly Series[] = [
  { what: 'the connection to the source is cut after any number of bytes', share: 0.32, kind: cutSource },
  { what: 'the connections to the store are cut after any number of bytes', share: 0.04, kind: cutStore },
  { what: 'the disk of the store is full', share: 0.22, kind: fillDisk },
  { what: 'the clock jumps', share: 0.38, kind: stepClock },
  { what: 'kill -9 at any moment', share: 0.04, kind: kill },
];

/** Faults that one store gets: its history grows with each. */
const EPISODE = 200;

suite(`${FAULTS} faults`, () => {
  // Whoever injects thousands wants other ones each time; here, what fails has to fail again.
  const first = givenSeed(FAULTS > 200 ? Math.floor(Math.random() * 2 ** 31) : 20261122);
  for (const [place, { what, share, kind }] of SERIES.entries()) {
    test(what, { timeout: 120_000 + FAULTS * 500 }, async t => {
      const chance = chanceOf(first + place);
      const tally = new Tally();
      for (let left = Math.round(FAULTS * share); left > 0; left -= EPISODE) {
        const faults = kind(Math.min(left, EPISODE), chance, tally);
        await faults.catch(error => assert.fail(`ROSTERD_TEST_SEED=${first}: ${error.stack}`));
      }
      if (`${tally}` === '') return t.skip('we may not mount a small disk here');
      t.diagnostic(`${tally}; 0 wrong rosters delivered, 0 acknowledged snapshots lost`);
    });
  }
});
