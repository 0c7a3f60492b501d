import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { openLog } from '../../src/log.ts';
import * as root from '../../src/main.ts';
import type { RecordedRun, Store } from '../../src/store/store.ts';
import { configOf } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { TOKEN } from '../support/hr.ts';
import { startDaemon, writeConfig } from '../support/rosterd.ts';
import type { Settings } from './house.ts';

/** A daemon that serves. */
export interface Daemon extends AsyncDisposable {
  readonly address: string;
  /** Of the process that it is in. */
  readonly pid: number;
}

/** A daemon as it is run: as a process of its own. */
export async function daemonProcess(settings: Settings): Promise<Daemon> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const daemon = starting.use(await startDaemon(await writeConfig(folder.path, settings)));
  const owned = starting.move();
  const { address, program } = daemon;
  return { address, pid: program.pid, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The same in this process, which starts it sooner: where nothing is to be measured. */
export async function daemonHere(settings: Settings): Promise<Daemon> {
  const daemon = await root.startDaemon(configOf(settings), await openLog('fatal'));
  const { address } = daemon;
  return { address, pid: process.pid, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}

/** Runs one after the other, as fast as a schedule goes. */
export const INCESSANTLY = { schedule: '* * * * * *' } as const;
/** `/sync` answers what there is, without a run. */
export const AT_REST = { sync: { fresh_for: '10h' } } as const;

export const AUTHORIZATION = `Basic ${btoa(`omflow:${TOKEN}`)}`;

/** The body of an answer of `/sync`, as it comes. */
export async function askSync(address: string): Promise<AsyncIterable<Uint8Array>> {
  const { statusCode, headers, body } = await request(`http://${address}/sync`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION },
  });
  if (headers['x-roster-snapshot'] === undefined) throw new Error(`/sync answers ${statusCode} ${await body.text()}`);
  return body;
}

/** One answer of `/sync`, to its last byte and as it comes over the wire. */
export async function sync(address: string, encoding: Encoding = 'identity'): Promise<SyncAnswer> {
  const { statusCode, headers, body } = await request(`http://${address}/sync`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'accept-encoding': encoding },
  });
  const bytes = new Uint8Array(await body.arrayBuffer());
  // A refusal has no number; it is short, and says why.
  if (headers['x-roster-snapshot'] === undefined) {
    throw new Error(`/sync answers ${statusCode} ${Buffer.from(bytes).toString()}`);
  }
  return { bytes, encoding: headers['content-encoding'] === 'gzip' ? 'gzip' : 'identity' };
}

export type Encoding = 'identity' | 'gzip';

/** A snapshot as it is served. */
export interface SyncAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly encoding: Encoding;
}

/** How often the store is looked at, in milliseconds. */
const LOOKS = 20;
/** The longest that a run may take, in milliseconds. */
const PATIENCE = 600_000;

const GOOD: readonly RecordedRun['status'][] = ['published', 'unchanged'];

/** Which runs are waited for. */
interface Awaited {
  /** The run after which they come; 0 for none. */
  readonly after: number;
  readonly count: number;
  /** Absent: whichever is good. */
  readonly status?: 'published' | 'unchanged';
}

export const lastRun = async (store: Store): Promise<number> => (await store.runs.newestFinished())?.number ?? 0;

/** Waits until so many runs have ended that way. */
export async function runsEnded(store: Store, { after, count, status }: Awaited): Promise<void> {
  const end = performance.now() + PATIENCE * count;
  for (let seen = 0, last = after; seen < count; ) {
    const newest = await store.runs.newestFinished();
    if (newest && newest.number > last) {
      last = newest.number;
      if (newest.status === 'failed') throw new Error(`a run failed: ${newest.problems[0]?.text}`);
      if (newest.status === status || (status === undefined && GOOD.includes(newest.status))) seen += 1;
    }
    if (performance.now() > end) throw new Error(`waited too long for ${count} runs that are ${status ?? 'good'}`);
    await sleep(LOOKS);
  }
}

/** The most memory that a process had since it began, or since {@link forgetPeak}, in bytes. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/^VmHWM:\s*(\d+) kB$/m)?.[1]) * 1024;
}

/** From now on the peak is counted anew, from what the process has at the moment. */
export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5');
