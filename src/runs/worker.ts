import { Worker } from 'node:worker_threads';
import type { Config } from '../config/schema.ts';
import type { Outcome, RunNumber, SnapshotNumber } from '../roster/model.ts';
import type { RunCause, RunReport } from '../store/store.ts';
import { type Memory, NO_MEMORY } from './echo.ts';
import type { AutomaticPruning } from './prune.ts';

/** What the worker is asked; functions do not cross to it, so a request is plain data. */
export type WorkerRequest =
  | { readonly id: number; readonly ask: 'run'; readonly cause: RunCause; readonly memory: Memory }
  | { readonly id: number; readonly ask: 'prune' }
  | { readonly id: number; readonly ask: 'render'; readonly snapshot: SnapshotNumber };

type Request = WorkerRequest extends infer One ? (One extends unknown ? Omit<One, 'id'> : never) : never;

export type WorkerAnswer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: string; readonly stack: string | undefined }
  /** Said when nothing is asked any more: it holds on to so much memory that it had better be replaced. */
  | { readonly grown: true };

/** What the thread says to a run, with what it left for the next one. */
export interface RunAnswer {
  readonly summary: RunSummary;
  readonly memory: Memory;
}

/** A run as it is told across the thread's border. */
export interface RunSummary {
  readonly run: RunNumber | undefined;
  readonly outcome: Outcome;
  readonly report: RunReport | undefined;
  /** True when the run was made by somebody else and only waited for. */
  readonly joined: boolean;
}

export interface WorkerOptions {
  /** The module of the worker's composition root. */
  readonly module: URL;
  readonly config: Config;
  /** Told of every run once, however many wait for it. */
  onRun(summary: RunSummary): void;
  /** Told of what was pruned, which is tried now and then after a run, and done once a day. */
  onPruned(pruning: AutomaticPruning): void;
  /** Told when a run could not be made, or the thread died by itself. */
  onFailure(error: Error): void;
  now(): Date;
}

/** How long after one try the next is made to prune, in milliseconds. */
const PRUNING = 3_600_000;

const STOPPING = 'the daemon is stopping';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * The one warm thread in which runs are made and bodies rendered, so that logins and health stay quick meanwhile. It is
 * started when it is first needed, and replaced when it died or has grown.
 */
export class RunWorker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #next = 1;
  #running: Promise<RunSummary> | undefined;
  #began: Date | undefined;
  /** When it was last tried to prune. */
  #pruned: Date | undefined;
  #stopping = false;
  #failingSince: Date | undefined;
  /** Kept here, since threads come and go. */
  #memory = NO_MEMORY;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** True while a run of ours is under way. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Since when there was no good run, as far as no run could even be recorded; the store knows of those that failed. */
  get failingSince(): Date | undefined {
    return this.#failingSince;
  }

  /** Makes a run, or joins the one that is under way. */
  run(cause: RunCause): Promise<RunSummary> {
    this.#running ??= this.#make(cause);
    return this.#running;
  }

  /** The same, but a run that began before `tick` does not count: its end is waited for, and another one follows. */
  async runSince(tick: Date, cause: RunCause): Promise<RunSummary> {
    if (this.#running && this.#began && this.#began < tick) await this.#running.catch(() => {});
    return await this.run(cause);
  }

  async #make(cause: RunCause): Promise<RunSummary> {
    const began = this.#options.now();
    this.#began = began;
    try {
      const { summary, memory } = (await this.#ask({ ask: 'run', cause, memory: this.#memory })) as RunAnswer;
      this.#memory = memory;
      if (summary.outcome.status === 'published' || summary.outcome.status === 'unchanged')
        this.#failingSince = undefined;
      this.#options.onRun(summary);
      void this.#prune();
      return summary;
    } catch (error) {
      this.#failingSince ??= began;
      if (!this.#stopping) this.#options.onFailure(error as Error);
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /** Nobody waits for this: whoever asked for the run has its answer. */
  async #prune(): Promise<void> {
    const now = this.#options.now();
    const age = this.#pruned ? now.getTime() - this.#pruned.getTime() : PRUNING;
    if (age >= 0 && age < PRUNING) return;
    this.#pruned = now;
    // It tells of its own failures; a thread that died is told of otherwise.
    const pruning = await this.#ask({ ask: 'prune' }).catch(() => undefined);
    if (pruning) this.#options.onPruned(pruning as AutomaticPruning);
  }

  /** Puts the bytes of a snapshot for OMFLOW into their file; gives them where there can be none. */
  render(snapshot: SnapshotNumber): Promise<Uint8Array | undefined> {
    return this.#ask({ ask: 'render', snapshot }) as Promise<Uint8Array | undefined>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#fail(new Error(STOPPING));
    await worker?.terminate();
  }

  #ask(request: Request): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      // Whatever were started now nobody would stop any more.
      if (this.#stopping) throw new Error(STOPPING);
      this.#waiting.set(id, { resolve, reject });
      this.#started().postMessage({ id, ...request } as WorkerRequest);
    });
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#options.module, { workerData: this.#options.config });
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', error => this.#died(worker, error as Error));
    worker.on('exit', code => this.#died(worker, new Error(`the run's thread ended (${code})`)));
    this.#worker = worker;
    return worker;
  }

  #settle(answer: WorkerAnswer): void {
    if ('grown' in answer) {
      if (this.#waiting.size === 0) this.#retire();
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('failure' in answer) waiting?.reject(Object.assign(new Error(answer.failure), { stack: answer.stack }));
    else waiting?.resolve(answer.answer);
  }

  /** Memory that a big run took is given back by ending the thread; the next request starts another. */
  #retire(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.removeAllListeners('exit');
    void worker?.terminate();
  }

  #died(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    // Whoever waits for a run says so; without anybody it would go unnoticed.
    if (this.#waiting.size === 0) this.#options.onFailure(error);
    this.#fail(error);
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
