import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.ts';

/** How a program ended, and all it printed. `code` is null when a signal ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Laid over this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** All the program gets on its standard input, which is empty without it. */
  readonly input?: string;
  /** Whether signals reach what the program starts, too: for a script that waits for another program. */
  readonly group?: boolean;
}

/** A program started; rejects when it cannot be (no such command, no such folder). */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Program> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environmentWith(options.env),
    detached: options.group ?? false,
  });
  const program = new Program([command, ...args].join(' '), child, options.group ?? false);
  await once(child, 'spawn');
  child.stdin.end(options.input ?? '');
  return program;
}

/** This process's environment with something laid over it; without the variable that makes a child of the test runner report to it. */
export function environmentWith(more: ProgramOptions['env']): Record<string, string> {
  const all = { ...process.env, ...more, NODE_TEST_CONTEXT: undefined };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The end of a program run to it; one that takes longer than `deadlineMs` is killed, and this rejects with its output. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions & { readonly deadlineMs?: number } = {},
): Promise<Exit> {
  await using program = await startProgram(command, args, options);
  const deadlineMs = options.deadlineMs ?? 60_000;
  const exit = await before(deadlineMs, program.exited);
  if (exit === undefined) throw program.failure(`did not end within ${deadlineMs} ms`);
  return exit;
}

/** What `start` gives for the first of these programs that is installed: some have another name in older releases. */
export async function firstInstalled<T>(names: readonly string[], start: (name: string) => Promise<T>): Promise<T> {
  for (const name of names) {
    try {
      return await start(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw new Error(`${names[0]} is not installed; \`npm test\` installs it or says how`);
}

/** Whether there is no such program: EACCES where, besides, a folder on the PATH is closed to us. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
}

/** A running child process. Disposing of it kills it at once and waits until it is gone. */
export class Program implements AsyncDisposable {
  /** How it ended, once it has; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Whether it leads a process group, which then gets its signals. */
  readonly #group: boolean;
  /** Resolves with the next output. */
  #news = Promise.withResolvers<void>();
  readonly #printed = { stdout: '', stderr: '', both: '' };

  constructor(name: string, child: ChildProcessWithoutNullStreams, group: boolean) {
    this.#name = name;
    this.#child = child;
    this.#group = group;
    this.#collect('stdout');
    this.#collect('stderr');
    // A program that never reads its input may close it before we have written it.
    child.stdin.on('error', () => {});
    const emergency = atExit(() => this.kill('SIGKILL'));
    this.exited = this.#end().finally(() => emergency[Symbol.dispose]());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything printed so far, both streams in the order they arrived. */
  get output(): string {
    return this.#printed.both;
  }

  /**
   * The first match in the output, or in what is printed after its first `from` characters; rejects, telling the output, at
   * the deadline or when the program ends without one.
   */
  async waitFor(pattern: RegExp, deadlineMs = 10_000, from = 0): Promise<RegExpMatchArray> {
    const found = await before(deadlineMs, Promise.race([this.#match(pattern, from), this.exited]));
    if (Array.isArray(found)) return found;
    throw this.failure(`${found ? 'ended' : `ran ${deadlineMs} ms`} without printing ${pattern}`);
  }

  /** Sends a signal; one that has ended gets none. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(this.#group ? -pid : pid, signal);
  }

  /** An error about this program that shows all it printed. */
  failure(problem: string): Error {
    return new Error(`${this.#name}: ${problem}; its output:\n${this.output || '(none)'}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
  }

  #collect(stream: 'stdout' | 'stderr'): void {
    this.#child[stream].setEncoding('utf8').on('data', (text: string) => {
      this.#printed[stream] += text;
      this.#printed.both += text;
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
  }

  async #end(): Promise<Exit> {
    const closed = once(this.#child, 'close');
    closed.catch(() => {});
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve =>
      this.#child.once('exit', (...how) => resolve(how)).once('error', () => resolve([null, null])),
    );
    // 'close' comes when the output is complete; a grandchild that holds on to it must not keep us.
    await before(
      1_000,
      closed.catch(() => undefined),
    );
    return { code, signal, stdout: this.#printed.stdout, stderr: this.#printed.stderr };
  }

  async #match(pattern: RegExp, from: number): Promise<RegExpMatchArray> {
    for (;;) {
      const found = this.output.slice(from).match(pattern);
      if (found) return found;
      await this.#news.promise;
    }
  }
}

/** What `promise` gives, or undefined when that takes longer than `ms`. */
async function before<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
