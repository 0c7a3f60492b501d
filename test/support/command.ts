import { Worker } from 'node:worker_threads';
import type { Call, Told } from './command-thread.ts';
import { type Exit, environmentWith, type ProgramOptions, type runProgram } from './program.ts';

export type CommandOptions = Pick<ProgramOptions, 'env'>;

let thread: CommandThread | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs one command of the terminal to its end, like {@link runProgram}: the same program, with arguments, an environment,
 * output and an exit code of its own, and at its end nothing of it may be open. But it does so in a thread of this process
 * that stays for the next one, since most of what a short command takes as a process is to load what it needs. They run
 * one after the other. What is killed, reads what is typed, or is to work at the same time as another is a process.
 */
export function command(args: readonly string[], { env }: CommandOptions = {}): Promise<Exit> {
  const turn = last.then(() => {
    if (!thread?.isAlive) thread = new CommandThread();
    return thread.run({ args, env: environmentWith(env) });
  });
  last = turn.catch(() => {});
  return turn;
}

/** In milliseconds. */
const DEADLINE = 60_000;

/** A thread that runs commands, and keeps no process from ending in between. */
class CommandThread {
  isAlive = true;
  readonly #worker = new Worker(new URL('command-thread.ts', import.meta.url), {
    execArgv: ['--use-system-ca', '--disable-warning=ExperimentalWarning'],
  });

  constructor() {
    this.#worker.once('exit', () => {
      this.isAlive = false;
    });
  }

  async run(call: Call): Promise<Exit> {
    const printed = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const textOf = (stream: keyof typeof printed) => Buffer.concat(printed[stream]).toString();
    const end = Promise.withResolvers<number>();
    const hear = (told: Told) => ('code' in told ? end.resolve(told.code) : printed[told.stream].push(told.bytes));
    const late = setTimeout(() => end.reject(new Error(`it did not end within ${DEADLINE} ms`)), DEADLINE);
    this.#worker.on('message', hear).on('exit', end.resolve).on('error', end.reject).ref();
    this.#worker.postMessage(call);
    try {
      const code = await end.promise;
      return { code, signal: null, stdout: textOf('stdout'), stderr: textOf('stderr') };
    } catch (cause) {
      await this.#worker.terminate();
      throw new Error(`rosterd ${call.args.join(' ')}; its output:\n${textOf('stdout')}${textOf('stderr')}`, { cause });
    } finally {
      clearTimeout(late);
      this.#worker.off('message', hear).off('exit', end.resolve).off('error', end.reject).unref();
    }
  }
}
