import { parentPort } from 'node:worker_threads';
import mysql, { type Connection } from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { cut, mysqlOptions } from '../connect/mysql.ts';

/**
 * The thread that holds a lock of a MySQL server, and says a word to the server again and again. Whoever works under the
 * lock may be busy for longer than the server waits for one of us; this thread is not. A process that is killed or frozen
 * is so with all its threads, and the server notices. It keeps one lock at a time, any number of them one after another.
 */

/** What the thread is given, as plain data. */
export interface LockTask {
  readonly config: DatabaseConfig;
  /** As the server knows it. */
  readonly name: string;
  /** After how many seconds without a word the server drops the lock. */
  readonly silence: number;
}

/** What the thread is told: to take a lock, or to give back the one that it has. */
export type LockOrder = LockTask | 'give it back';

/**
 * What the thread says: `ours` or `theirs`, or why it cannot tell; after `ours` that it was given back, as it was told to, or
 * why it is lost. After `theirs` and `returned` it can be told to take the next; after a failure it is to be ended.
 */
export type LockWord = 'ours' | 'theirs' | 'returned' | { readonly failure: string; readonly code: string | undefined };

const say = (word: LockWord) => parentPort?.postMessage(word);

/** A lock on a connection of its own, from the first word to the last. */
class Kept {
  readonly #task: LockTask;
  readonly #connection: Connection;
  /** How often the server hears of us, in milliseconds. */
  readonly #pause: number;
  #beat: NodeJS.Timeout | undefined;

  constructor(task: LockTask, connection: Connection) {
    this.#task = task;
    this.#connection = connection;
    this.#pause = (task.silence * 1000) / 3;
    connection.on('error', error => this.#fail(error));
  }

  async take(): Promise<void> {
    try {
      if (!(await this.#isOurs())) return this.#sayLast('theirs');
      this.#beat = setInterval(() => void this.#ask('do 0').catch(error => this.#fail(error)), this.#pause);
      say('ours');
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
  }

  async giveBack(): Promise<void> {
    clearInterval(this.#beat);
    // Said before the connection goes, so that whoever tries next finds the lock free at once.
    await this.#ask('do release_lock(?)', [this.#task.name]).catch(() => {});
    this.#sayLast('returned');
  }

  async #isOurs(): Promise<boolean> {
    await this.#ask(`set session wait_timeout = ${this.#task.silence}`);
    const [row] = (await this.#ask('select get_lock(?, 0) as got', [this.#task.name])) as { got: number }[];
    return Number(row?.got) === 1;
  }

  /** A short question. Whoever does not answer before the next beat will not: the lock is given up before the server does. */
  #ask(text: string, values: readonly unknown[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer came for ${this.#pause / 1000} s`)), this.#pause);
      this.#connection.query(text, [...values], (error, rows) => {
        clearTimeout(late);
        if (error) reject(error);
        else resolve(rows);
      });
    });
  }

  #fail({ message, code }: NodeJS.ErrnoException): void {
    this.#sayLast({ failure: message, code });
  }

  #sayLast(word: LockWord): void {
    clearInterval(this.#beat);
    cut(this.#connection);
    say(word);
  }
}

let kept: Kept | undefined;

parentPort?.on('message', async (order: LockOrder) => {
  if (order === 'give it back') {
    await kept?.giveBack();
    return;
  }
  kept = new Kept(order, mysql.createConnection(await mysqlOptions(order.config)));
  await kept.take();
});
