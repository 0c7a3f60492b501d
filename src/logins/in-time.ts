import type { Verdict } from './authenticate.ts';
import { NoPlace } from './places.ts';

/** When an attempt is given up: at its caller's signal, or when so many milliseconds have passed. */
export interface Patience {
  readonly signal: AbortSignal;
  readonly timeout: number;
}

/** What an attempt comes to for which nobody waits any more. */
export const GIVEN_UP: Verdict = {
  status: 'unavailable',
  why: 'was given up, by who asked, before it answered',
};

/**
 * The verdict that `ask` comes to, or `unavailable` when it throws or is given up, which it learns by the signal it gets.
 * `words` says of what it threw what the log is to know; without them that is the error's message.
 */
export async function inTime(
  { signal, timeout }: Patience,
  ask: (deadline: AbortSignal) => Promise<Verdict>,
  words: (error: unknown) => string = messageOf,
): Promise<Verdict> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  try {
    return await ask(deadline);
  } catch (error) {
    if (signal.aborted) return GIVEN_UP;
    if (error instanceof NoPlace) return { status: 'unavailable', why: error.message };
    return { status: 'unavailable', why: deadline.aborted ? lateAfter(timeout) : words(error) };
  }
}

/** Said of what gave no answer for so many milliseconds. */
export function lateAfter(timeout: number): string {
  return `did not answer within ${timeout} ms`;
}

/** When a name has several addresses and none can be reached, Node's error has a code but an empty message. */
function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || String(code);
}
