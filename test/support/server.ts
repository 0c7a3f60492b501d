import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './program.ts';

/** How to start a server's program, and how to wait until it can be used. */
export interface Launch {
  start(): Promise<Program>;
  ready(program: Program): Promise<unknown>;
}

/** A server program that can be killed and started again on what it left behind. Disposing of it kills it at once. */
export class Server implements AsyncDisposable {
  readonly #launch: Launch;
  #program: Program;

  static async start(launch: Launch): Promise<Server> {
    return new Server(launch, await up(launch));
  }

  private constructor(launch: Launch, program: Program) {
    this.#launch = launch;
    this.#program = program;
  }

  /** That of the program now running, or of the last one. */
  get pid(): number {
    return this.#program.pid;
  }

  /** Sends a signal and waits until the program is gone, or stands still; SIGCONT is only sent. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#program.kill(signal);
    if (signal === 'SIGSTOP') await standingStill(this.#program.pid);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#program.exited;
  }

  /** Starts the program again, after it was killed. */
  async start(): Promise<void> {
    this.#program = await up(this.#launch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** A thread on another core goes on for a moment after the signal was sent, and may answer in it. */
async function standingStill(pid: number): Promise<void> {
  const folder = `/proc/${pid}/task`;
  const isStill = async (thread: string) => / T /.test(await readFile(`${folder}/${thread}/stat`, 'utf8'));
  for (let look = 0; look < 400; look += 1) {
    const threads = await Promise.all((await readdir(folder)).map(isStill));
    if (threads.every(Boolean)) return;
    await sleep(5);
  }
  throw new Error(`process ${pid} goes on although it was stopped`);
}

async function up(launch: Launch): Promise<Program> {
  await using starting = new AsyncDisposableStack();
  const program = starting.use(await launch.start());
  await launch.ready(program);
  starting.move();
  return program;
}
