import type { Outcome, RunNumber } from '../roster/model.ts';
import { takeTurn, type Waiting } from './lock.ts';
import { type Line, type RunRequest, type RunResult, run } from './run.ts';

/** A run of ours, or the outcome of somebody else's that was under way. */
export type Pulled = RunResult | { readonly joined: RunNumber; readonly outcome: Outcome };

/** Makes a run as soon as the run lock is free, unless the run that has it tells the outcome. */
export async function inTurn(line: Line, { waits, ...request }: RunRequest & Waiting): Promise<Pulled> {
  const turn = await takeTurn(line.store, { signal: request.signal, waits });
  if ('theirs' in turn) return { joined: turn.theirs.run, outcome: turn.theirs.outcome };
  await using lock = turn.mine;
  return await run(line, { ...request, signal: AbortSignal.any([request.signal, lock.lost]) });
}
