import { Worker } from 'node:worker_threads';
import type { Config } from '../config/schema.ts';
import type { Announced, ShownCertificate } from '../notices/announce.ts';
import type { ReportAnswer, ReportQuery } from '../report/asked.ts';
import type { Outcome, RunNumber, SnapshotNumber } from '../roster/model.ts';
import type { RunCause, RunReport } from '../store/store.ts';
import { type Memory, NO_MEMORY } from './echo.ts';
import type { AutomaticPruning } from './prune.ts';

/** What the worker is asked; functions do not cross to it, so a request is plain data. */
export type WorkerRequest =
  | { readonly id: number; readonly ask: 'run'; readonly cause: RunCause; readonly memory: Memory }
  | { readonly id: number; readonly ask: 'prune' }
  | ({
      readonly id: number;
      readonly ask: 'announce';
      readonly certificate: ShownCertificate | undefined;
    } & Unrecorded)
  | { readonly id: number; readonly ask: 'render'; readonly snapshot: SnapshotNumber }
  | { readonly id: number; readonly ask: 'report'; readonly query: ReportQuery };

/** Since when no run could even be recorded, and why the last one could not; the store does not know of that. */
export interface Unrecorded {
  readonly failingSince: Date | undefined;
  readonly failure: string | undefined;
}

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
  /** Told of every run once, however many wait for it, and how many milliseconds it took. */
  onRun(summary: RunSummary, took: number): void;
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

/** A thread, and what it was asked and has not answered. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/**
 * The one warm thread in which runs are made and bodies rendered, so that logins and health stay quick meanwhile. It is
 * started when it is first needed, and replaced when it died or has grown, or is to work by another configuration.
 */
export class RunWorker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  #config: Config;
  #thread: Thread | undefined;
  /** Those that are only to end what they were asked. */
  readonly #leaving = new Set<Thread>();
  #next = 1;
  #running: Promise<RunSummary> | undefined;
  /** The configuration that it goes by. */
  #runningBy: Config | undefined;
  #began: Date | undefined;
  /** When it was last tried to prune. */
  #pruned: Date | undefined;
  #stopping = false;
  #failingSince: Date | undefined;
  #failure: string | undefined;
  /** Kept here, since threads come and go. */
  #memory = NO_MEMORY;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Works by another configuration from the next request on; what was asked before ends as it began. */
  configure(config: Config): void {
    this.#config = config;
    this.#memory = NO_MEMORY;
    const thread = this.#thread;
    this.#thread = undefined;
    if (!thread) return;
    if (thread.waiting.size === 0) void thread.worker.terminate();
    else this.#leaving.add(thread);
  }

  /** True while a run of ours is under way. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Since when there was no good run, as far as no run could even be recorded; the store knows of those that failed. */
  get failingSince(): Date | undefined {
    return this.#failingSince;
  }

  /** Why the last of those could not be made. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Makes a run, or joins the one that is under way; one by a configuration of before is waited for, and another follows. */
  run(cause: RunCause): Promise<RunSummary> {
    const old = this.#running;
    if (old && this.#runningBy !== this.#config) return this.#after(old, cause);
    this.#running ??= this.#make(cause);
    return this.#running;
  }

  async #after(old: Promise<unknown>, cause: RunCause): Promise<RunSummary> {
    await old.catch(() => {});
    return await this.run(cause);
  }

  /** The same, but a run that began before `tick` does not count: its end is waited for, and another one follows. */
  async runSince(tick: Date, cause: RunCause): Promise<RunSummary> {
    if (this.#running && this.#began && this.#began < tick) return await this.#after(this.#running, cause);
    return await this.run(cause);
  }

  async #make(cause: RunCause): Promise<RunSummary> {
    const began = this.#options.now();
    this.#began = began;
    const config = this.#config;
    this.#runningBy = config;
    try {
      const { summary, memory } = (await this.#ask({ ask: 'run', cause, memory: this.#memory })) as RunAnswer;
      // What was learned under another configuration says nothing.
      if (config === this.#config) this.#memory = memory;
      if (summary.outcome.status === 'published' || summary.outcome.status === 'unchanged') {
        this.#failingSince = undefined;
        this.#failure = undefined;
      }
      this.#options.onRun(summary, this.#options.now().getTime() - began.getTime());
      void this.#prune();
      return summary;
    } catch (error) {
      this.#failingSince ??= began;
      this.#failure = (error as Error).message;
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

  /** Tells of bad states that were entered or left; gives what became of that. */
  announce(certificate: ShownCertificate | undefined): Promise<Announced[]> {
    const { failingSince, failure } = this;
    return this.#ask({ ask: 'announce', certificate, failingSince, failure }) as Promise<Announced[]>;
  }

  /** Makes a page of the report, or some of what it shows; beside a run, if one is under way. */
  report(query: ReportQuery): Promise<ReportAnswer> {
    return this.#ask({ ask: 'report', query }) as Promise<ReportAnswer>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const threads = [...this.#leaving, ...(this.#thread ? [this.#thread] : [])];
    this.#thread = undefined;
    this.#leaving.clear();
    for (const thread of threads) fail(thread, new Error(STOPPING));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #ask(request: Request): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      // Whatever were started now nobody would stop any more.
      if (this.#stopping) throw new Error(STOPPING);
      const { worker, waiting } = this.#started();
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...request } as WorkerRequest);
    });
  }

  #started(): Thread {
    if (this.#thread) return this.#thread;
    const worker = new Worker(this.#options.module, { workerData: this.#config });
    const thread: Thread = { worker, waiting: new Map() };
    worker.on('message', (answer: WorkerAnswer) => this.#settle(thread, answer));
    worker.on('error', error => this.#died(thread, error as Error));
    worker.on('exit', code => this.#died(thread, new Error(`the run's thread ended (${code})`)));
    this.#thread = thread;
    return thread;
  }

  #settle(thread: Thread, answer: WorkerAnswer): void {
    if ('grown' in answer) {
      if (thread.waiting.size === 0) this.#retire(thread);
      return;
    }
    const waiting = thread.waiting.get(answer.id);
    thread.waiting.delete(answer.id);
    if ('failure' in answer) waiting?.reject(Object.assign(new Error(answer.failure), { stack: answer.stack }));
    else waiting?.resolve(answer.answer);
    if (thread.waiting.size === 0 && this.#leaving.has(thread)) this.#retire(thread);
  }

  /** Memory that a big run took is given back by ending the thread; the next request starts another. */
  #retire(thread: Thread): void {
    this.#forget(thread);
    thread.worker.removeAllListeners('exit');
    void thread.worker.terminate();
  }

  #died(thread: Thread, error: Error): void {
    if (!this.#forget(thread)) return;
    // Whoever waits for a run says so; without anybody it would go unnoticed.
    if (thread.waiting.size === 0) this.#options.onFailure(error);
    fail(thread, error);
  }

  /** False when it was none of ours any more. */
  #forget(thread: Thread): boolean {
    if (this.#leaving.delete(thread)) return true;
    if (this.#thread !== thread) return false;
    this.#thread = undefined;
    return true;
  }
}

function fail({ waiting }: Thread, error: Error): void {
  for (const one of waiting.values()) one.reject(error);
  waiting.clear();
}
