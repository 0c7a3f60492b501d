import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

/** A file that somebody else writes, seen as it is at one moment and read only as long as it stays so. */

/** What tells one state of a file from another. */
export type Look = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

const WAY_OUT = 'write it under another name, and rename it when it is complete';
const CHANGED = `changed while it was read; it is still being written, or was replaced: ${WAY_OUT}`;

interface Settling {
  /** Milliseconds; a file that changed since is looked at twice, so long apart. */
  readonly settled: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How files look that are not being written, as far as two looks can tell. */
export async function settledLooks(files: Iterable<string>, settling: Settling): Promise<ReadonlyMap<string, Look>> {
  const first = await looks(files);
  const since = settling.clock.now() - settling.settled;
  const isYoung = ({ mtimeNs }: Look) => Number(mtimeNs / 1_000_000n) > since;
  if (![...first.values()].some(isYoung)) return first;
  await settling.clock.wait(settling.settled, settling.signal);
  const second = await looks(first.keys());
  for (const [file, before] of first) await naming(file, async () => stayed(before, second.get(file)));
  return second;
}

async function looks(files: Iterable<string>): Promise<ReadonlyMap<string, Look>> {
  const found = new Map<string, Look>();
  for (const file of files) found.set(file, await naming(file, () => look(file)));
  return found;
}

function stayed(before: Look, after: Look | undefined): void {
  if (isSame(before, after)) return;
  const [was, is] = [before.size, after?.size ?? 0n];
  const how =
    was === is ? 'it was changed or replaced' : `it ${was < is ? 'grew' : 'shrank'} from ${was} to ${is} bytes`;
  throw new Error(`is still being written: ${how}; ${WAY_OUT}`);
}

const isSame = (one: Look, other: Look | undefined) =>
  one.dev === other?.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;

/** Opening a pipe would wait for somebody to write into it, so what a file is counts before it is opened. */
async function look(file: string): Promise<Look> {
  const found = await stat(file, { bigint: true }).catch(inWords);
  if (found.isDirectory()) throw new Error('is a folder; name a file in it');
  if (!found.isFile()) throw new Error('is a pipe or a device; name a regular file');
  return found;
}

export const openFile = (file: string): Promise<FileHandle> => open(file).catch(inWords);

function inWords(error: Error & { code?: string }): never {
  throw new Error(WORDS.get(error.code ?? '') ?? `cannot be read: ${error.message}`, { cause: error });
}

const GONE = 'there is no such file; was it written yet, and to this place?';
const LOCKED = 'may not be read; let the account of this program read the file and enter the folders above it';
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', GONE],
  ['ENOTDIR', GONE],
  ['EACCES', LOCKED],
  ['EPERM', LOCKED],
]);

/** Throws unless a file looks as it did. Where it was opened meanwhile, so must the one that was opened. */
export async function unchanged(file: string, before: Look, handle?: FileHandle): Promise<void> {
  const byName = await stat(file, { bigint: true }).catch(() => undefined);
  const byHandle = handle ? await handle.stat({ bigint: true }) : byName;
  if (!isSame(before, byName) || !isSame(before, byHandle)) throw new Error(CHANGED);
}

const CHUNK = 64 * 1024;

/** The bytes from `start` up to `end`; fewer are an error. Each chunk is overwritten by the next one. */
export async function* bytesOf(
  handle: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let place = start;
  while (place < end) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK, end - place), place);
    if (bytesRead === 0) throw new Error(CHANGED);
    place += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Does something with a file; what goes wrong then says with which. */
export async function naming<Value>(file: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw named(file, error);
  }
}

export const named = (file: string, error: unknown) =>
  new Error(`${file}: ${(error as Error).message}`, { cause: error });
