/**
 * What must be undone even when this process ends before its `await using` blocks do: on `process.exit`, a crash, or a
 * signal that nobody else handles. Nothing can be done about SIGKILL.
 */
const undoings = new Set<() => void>();

let watching = false;

/**
 * A promise to run `undo` if this process ends early; disposing of it withdraws the promise. `undo` must be
 * synchronous. Several run in reverse, so that a program dies before its folder goes.
 */
export function atExit(undo: () => void): Disposable {
  watch();
  undoings.add(undo);
  return { [Symbol.dispose]: () => void undoings.delete(undo) };
}

function watch(): void {
  if (watching) return;
  watching = true;
  process.on('exit', undoAll);
  // Where the test runner listens already, it tears down and exits, which brings us here as well.
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(code));
  }
  // The runner does not know this one: a terminal that was closed.
  if (process.listenerCount('SIGHUP') === 0) process.once('SIGHUP', () => process.kill(process.pid, 'SIGTERM'));
}

function undoAll(): void {
  for (const undo of [...undoings].reverse()) {
    try {
      undo();
    } catch (error) {
      // One that fails must not keep the others from theirs.
      console.error(error);
    }
  }
  undoings.clear();
}
