/**
 * Does one work after another, in the order in which they came, while at most so many wait; one more is not begun, and gives
 * undefined at once. What one rejects with is its own.
 */
export function oneAtATime(waiting: number): <Result>(work: () => Promise<Result>) => Promise<Result | undefined> {
  let last: Promise<void> = Promise.resolve();
  let count = 0;
  return async work => {
    // The one that is under way does not wait.
    if (count > waiting) return undefined;
    count += 1;
    const before = last;
    const turn = Promise.withResolvers<void>();
    last = turn.promise;
    await before;
    try {
      return await work();
    } finally {
      count -= 1;
      turn.resolve();
    }
  };
}
