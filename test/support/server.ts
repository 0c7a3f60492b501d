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

  /** Sends a signal and waits until the program is gone; SIGSTOP and SIGCONT, which do not end it, are only sent. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#program.kill(signal);
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

async function up(launch: Launch): Promise<Program> {
  await using starting = new AsyncDisposableStack();
  const program = starting.use(await launch.start());
  await launch.ready(program);
  starting.move();
  return program;
}
