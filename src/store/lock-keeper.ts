import { parentPort, workerData } from 'node:worker_threads';
import mysql from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { cut, mysqlOptions } from '../connect/mysql.ts';

/**
 * The thread that holds a lock of a MySQL server, and says a word to the server again and again. Whoever works under the
 * lock may be busy for longer than the server waits for one of us; this thread is not. A process that is killed or frozen
 * is so with all its threads, and the server notices.
 */

/** What the thread is given, as plain data. */
export interface LockTask {
  readonly config: DatabaseConfig;
  /** As the server knows it. */
  readonly name: string;
  /** After how many seconds without a word the server drops the lock. */
  readonly silence: number;
}

/**
 * What the thread says: `ours` or `theirs`, or why it cannot tell; after `ours` that it was given back, as it was asked to by
 * any message, or why it is lost. After any word but `ours` it has nothing to do any more, and is to be ended.
 */
export type LockWord = 'ours' | 'theirs' | 'returned' | { readonly failure: string; readonly code: string | undefined };

const { config, name, silence } = workerData as LockTask;

/** How often the server hears of us, in milliseconds. */
const BEAT = (silence * 1000) / 3;

const connection = mysql.createConnection(await mysqlOptions(config));

/** A short question. Whoever does not answer before the next beat will not: the lock is given up before the server does. */
function ask(text: string, values: readonly unknown[] = []): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer came for ${BEAT / 1000} s`)), BEAT);
    connection.query(text, [...values], (error, rows) => {
      clearTimeout(late);
      if (error) reject(error);
      else resolve(rows);
    });
  });
}

const say = (word: LockWord) => parentPort?.postMessage(word);

function sayLast(word: LockWord): void {
  cut(connection);
  say(word);
}

const fail = ({ message, code }: NodeJS.ErrnoException) => sayLast({ failure: message, code });

async function isOurs(): Promise<boolean> {
  await ask(`set session wait_timeout = ${silence}`);
  const [row] = (await ask('select get_lock(?, 0) as got', [name])) as { got: number }[];
  return Number(row?.got) === 1;
}

function keep(): void {
  const beat = setInterval(() => {
    ask('do 0').catch(error => {
      clearInterval(beat);
      fail(error);
    });
  }, BEAT);
  parentPort?.once('message', async () => {
    clearInterval(beat);
    // Said before the connection goes, so that whoever tries next finds the lock free at once.
    await ask('do release_lock(?)', [name]).catch(() => {});
    sayLast('returned');
  });
  say('ours');
}

connection.on('error', fail);
await isOurs().then(ours => (ours ? keep() : sayLast('theirs')), fail);
