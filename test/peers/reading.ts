import assert from 'node:assert/strict';
import type { Clock } from '../../src/sources/clock.ts';
import { manifestProblems } from '../../src/sources/rest/problems.ts';
import { restSource } from '../../src/sources/rest/source.ts';
import type { Source } from '../../src/sources/source.ts';
import { sourceConfig } from '../support/config.ts';

/** Time that passes only while somebody waits, and then at once. */
export class TurnedClock implements Clock {
  /** How long each wait was, in milliseconds. */
  readonly waits: number[] = [];
  #now = Date.UTC(2026, 10, 22);

  now = () => this.#now;
  random = () => 0.5;

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(milliseconds);
    this.#now += milliseconds;
  }
}

/** The source that a run would make of this block, whose manifest may stand in it; one with a mistake fails the test. */
export function rest(block: Readonly<Record<string, unknown>>, clock: Clock = new TurnedClock()): Source {
  const config = sourceConfig({ name: 'hr', type: 'rest', ...block });
  assert(config.type === 'rest');
  assert.deepEqual(manifestProblems(config), []);
  return restSource(config, clock);
}
