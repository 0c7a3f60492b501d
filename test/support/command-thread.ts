import { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';

/** A command: what stands after `rosterd`, and its environment. */
export interface Call {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A piece of what a command prints; or its exit code, once nothing of it is open any more. */
export type Told = { readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array } | { readonly code: number };

// The thread of command.ts: it evaluates the program of the terminal anew for each call, and what that imports only once.

const PROGRAM = new URL('../../scripts/cli.ts', import.meta.url).href;

const tell = (told: Told) => parentPort?.postMessage(told);

/** Made for each call, because the program listens to them. */
function streamsOfACall(): void {
  const output = (stream: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Uint8Array, _, done) {
        tell({ stream, bytes: Uint8Array.from(chunk) });
        done();
      },
    });
  const streams = { stdin: Readable.from([]), stdout: output('stdout'), stderr: output('stderr') };
  for (const [name, value] of Object.entries(streams)) {
    Object.defineProperty(process, name, { configurable: true, value });
  }
}

/** What would keep a process from ending: all that is open but the port to the test. */
const isKept = () => process.getActiveResourcesInfo().some(what => what !== 'MessagePort' && what !== 'Immediate');

let calls = 0;

async function answer({ args, env }: Call): Promise<void> {
  process.argv = [process.execPath, PROGRAM, ...args];
  process.env = env;
  process.exitCode = undefined;
  streamsOfACall();
  calls += 1;
  await import(`${PROGRAM}?${calls}`);
  while (isKept()) await turn();
  process.removeAllListeners('uncaughtException');
  tell({ code: Number(process.exitCode ?? 0) });
}

parentPort?.on('message', answer);
