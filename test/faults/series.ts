import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../../src/store/store.ts';
import type { Chance } from '../support/chance.ts';
import type { FaultHouse, Promises, Told } from './house.ts';

/** How often what came about, for a line that tells what was tried. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  toString(): string {
    return [...this.#counts].map(([what, count]) => `${count} ${what}`).join(', ');
  }
}

/** Injects so many faults of one kind into a store of their own, and looks after each whether all promises were kept. */
export type Kind = (count: number, chance: Chance, tally: Tally) => Promise<void>;

/** One fault in so many is followed by a run that nothing disturbs, which must come to what is true then. */
const CALM = 5;

/** Where nothing disturbs it, a house comes to what is true, once an administrator has looked at what is held. */
export async function calm(house: FaultHouse, context: string): Promise<void> {
  const current = await house.next();
  let told: Told = { refusal: 'not asked' };
  for (let ask = 0; ask < 3; ask += 1) {
    told = await house.sync();
    if ('generation' in told && told.generation === current) return;
    await house.approve();
  }
  assert.fail(`${context}: generation ${current} is not served: ${JSON.stringify(told)}`);
}

/** Goes on until a house was disturbed so many times. */
export async function disturb(
  { house, store, promises }: { house: FaultHouse; store: Store; promises: Promises },
  count: number,
  fault: () => Promise<void>,
): Promise<void> {
  await calm(house, 'before the first fault');
  for (let place = 1; place <= count; place += 1) {
    // SQLite never waits, and a proxy in this process would never come to its turn.
    await turn();
    await house.next();
    await fault();
    await promises.keptBy(store);
    if (place % CALM === 0) await calm(house, `after fault ${place}`);
  }
  await promises.keptBy(store, 'all');
}
