import type { ExecFileException } from 'node:child_process';

/**
 * Whoever started us and looks after us. What cannot be told goes to `failed`; nothing here rejects, for a daemon serves on
 * whether or not systemd hears of it.
 */
export interface Supervisor extends AsyncDisposable {
  /** We serve; also said again when a reload is over. From the first time on the watchdog is fed. */
  ready(status: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(status: string): Promise<void>;
  /** What `systemctl status` shows of us. */
  status(text: string): Promise<void>;
}

export interface SupervisorOptions {
  /** Of the process that is looked after. */
  readonly pid: number;
  /** Told why systemd could not be told something, once for each reason. */
  failed(error: Error): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * systemd, which gave us its socket in NOTIFY_SOCKET; without that nobody is told anything. Node has no datagram sockets of
 * that kind, so the program `systemd-notify` does it, and the unit needs `NotifyAccess=all`.
 */
export function supervisor(env: Environment, options: SupervisorOptions): Supervisor {
  return env['NOTIFY_SOCKET'] ? new Systemd(env, options) : NOBODY;
}

const nothing = async () => {};
const NOBODY: Supervisor = {
  ready: nothing,
  reloading: nothing,
  stopping: nothing,
  status: nothing,
  [Symbol.asyncDispose]: nothing,
};

/** How long `systemd-notify` may take, in milliseconds: it waits until systemd has read what it says. */
const PATIENCE = 5000;

class Systemd implements Supervisor {
  readonly #env: Environment;
  readonly #failed: (error: Error) => void;
  /** How often the watchdog is fed, in milliseconds; undefined where there is none. */
  readonly #pause: number | undefined;
  readonly #reasons = new Set<string>();
  /** Settles when all that was said so far has been told: one thing after the other, for the last one counts. */
  #told: Promise<void> = Promise.resolve();
  #feeding: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** After that nothing else is so. */
  #isStopping = false;

  constructor(env: Environment, { pid, failed }: SupervisorOptions) {
    this.#env = env;
    this.#failed = failed;
    this.#pause = feedingPause(env, pid);
  }

  async ready(status: string): Promise<void> {
    if (this.#isStopping) return;
    await this.#tell('READY=1', statusOf(status));
    // On this thread's loop: a loop that stands still shall not be fed for.
    if (this.#pause !== undefined) this.#timer ??= setInterval(() => this.#feed(), this.#pause).unref();
  }

  async reloading(): Promise<void> {
    if (this.#isStopping) return;
    await this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  async stopping(status: string): Promise<void> {
    this.#isStopping = true;
    await this.#tell('STOPPING=1', statusOf(status));
  }

  async status(text: string): Promise<void> {
    await this.#tell(statusOf(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.#told, this.#feeding]);
  }

  #tell(...assignments: readonly string[]): Promise<void> {
    this.#told = this.#told.then(() => this.#run(assignments, PATIENCE));
    return this.#told;
  }

  /** Not behind what else is told, which may take longer; and not twice at once. */
  #feed(): void {
    this.#feeding ??= this.#run(['WATCHDOG=1'], Math.min(PATIENCE, this.#pause ?? PATIENCE)).finally(() => {
      this.#feeding = undefined;
    });
  }

  async #run(assignments: readonly string[], timeout: number): Promise<void> {
    const { execFile } = await import('node:child_process');
    // Only what it needs: our environment may have secrets in it.
    const env = { PATH: this.#env['PATH'], NOTIFY_SOCKET: this.#env['NOTIFY_SOCKET'] };
    const error = await new Promise<ExecFileException | null>(resolve =>
      execFile('systemd-notify', assignments, { env, timeout, killSignal: 'SIGKILL' }, resolve),
    );
    if (error !== null) this.#fail(reasonOf(error, timeout));
  }

  #fail(reason: string): void {
    if (this.#reasons.has(reason)) return;
    this.#reasons.add(reason);
    this.#failed(new Error(reason));
  }
}

/** A line of its own ends what is told about one thing. */
const statusOf = (text: string) => `STATUS=${text.replace(/\s+/g, ' ').trim()}`;

/** Half of what systemd waits for, as it asks us to; undefined where it waits for nobody, or for another process. */
function feedingPause(env: Environment, pid: number): number | undefined {
  const limit = Number(env['WATCHDOG_USEC']);
  const of = env['WATCHDOG_PID'];
  return limit > 0 && (!of || Number(of) === pid) ? limit / 2000 : undefined;
}

function reasonOf(error: ExecFileException, timeout: number): string {
  if (error.code === 'ENOENT') {
    return 'there is no program systemd-notify on the PATH; install it, or take Type=notify and WatchdogSec= out of the unit';
  }
  if (error.killed) return `systemd-notify did not end within ${timeout / 1000} s`;
  const [, said] = error.message.split('\n');
  return `systemd-notify failed: ${said || error.message}`;
}
