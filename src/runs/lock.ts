import { setTimeout as wait } from 'node:timers/promises';
import type { Outcome, RunNumber } from '../roster/model.ts';
import type { Lock, RecordedRun, Store } from '../store/store.ts';

/** How soon, and at last how often, somebody who waits for another's run looks whether it ended, in milliseconds. */
const FIRST_LOOK = 100;
const LATER_LOOKS = 1000;

/** A run that somebody else made, or the right to make one. */
export type Turn =
  | { readonly mine: Lock }
  | { readonly theirs: { readonly run: RunNumber; readonly outcome: Outcome } };

/** Somebody who may have to wait for a run of others. */
export interface Waiting {
  readonly signal: AbortSignal;
  /** Told once, when that is so. */
  readonly waits?: (() => void) | undefined;
}

/**
 * Takes the run lock, or waits for the outcome of the run that has it. A run that was under way when we asked counts, as
 * does any that began later; one whose process died gives its lock back, and then it is our turn. An approval is no run to
 * wait for, since it reads no source: the one that follows it is.
 */
export async function takeTurn(store: Store, { signal, waits }: Waiting): Promise<Turn> {
  const before = await store.runs.newestFinished();
  for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 1.5, LATER_LOOKS)) {
    signal.throwIfAborted();
    const lock = await store.lock('run');
    if (lock) return await newRun(store, lock, before);
    if (pause === FIRST_LOOK) waits?.();
    const ended = await store.runs.newestFinished();
    if (isAnother(ended, before)) return { theirs: { run: ended.number, outcome: outcomeOf(ended) } };
    await wait(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Takes the run lock, however many runs of others it takes until it is free: for whoever wants more than an outcome. */
export async function takeLock(store: Store, { signal, waits }: Waiting): Promise<Lock> {
  let turn = await takeTurn(store, { signal, waits });
  while (!('mine' in turn)) turn = await takeTurn(store, { signal });
  return turn.mine;
}

/** The lock came free since a run ended: that one's outcome is ours, if it was not there when we first asked. */
async function newRun(store: Store, lock: Lock, before: RecordedRun | undefined): Promise<Turn> {
  await using stack = new AsyncDisposableStack();
  stack.use(lock);
  const ended = await store.runs.newestFinished();
  if (isAnother(ended, before)) return { theirs: { run: ended.number, outcome: outcomeOf(ended) } };
  stack.move();
  return { mine: lock };
}

const isAnother = (ended: RecordedRun | undefined, before: RecordedRun | undefined): ended is RecordedRun =>
  ended !== undefined && ended.number !== before?.number && ended.cause !== 'approve';

/** The outcome of a run as it was recorded. */
export function outcomeOf(run: RecordedRun): Outcome {
  switch (run.status) {
    case 'published':
    case 'unchanged':
      if (run.snapshot === undefined) break;
      return run.status === 'published'
        ? { status: 'published', snapshot: run.snapshot, changes: run.changes }
        : { status: 'unchanged', snapshot: run.snapshot };
    case 'held':
      return { status: 'held', hold: run.hold, reasons: run.findings, changes: run.changes };
    case 'failed':
    case 'interrupted':
    case 'running':
      break;
  }
  return { status: 'failed', problems: run.problems };
}
