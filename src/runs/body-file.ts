import { createCipheriv, hash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Encoding } from '../http/roster.ts';
import type { Digest, SnapshotNumber } from '../roster/model.ts';
import type { Draft } from './body.ts';

/*
 * The answer to `/sync` in a file: its bytes, then a tag for each block of them, then how many bytes they are and a tag over
 * all that. The tags are GMACs (NIST SP 800-38D) under a key that is made of what the bytes hang on, so that a file of
 * anything else has none that is right. No block leaves this room whose tag is not: what the disk damaged is never served,
 * however late that happens, and nobody waits until a file of hundreds of MiB has been looked through. SHA-256 would take
 * longer for that than sending it does.
 */

/** Another number makes all files that there are be rendered anew: for another rendering, or another form of the file. */
const FORMAT = 1;
/** Bytes that are read, proved and sent at once: two of them are all that a client who reads slowly costs. */
const BLOCK = 256 * 1024;
const TAG = 16;
/** The number of bytes, and the tag over that and all other tags. */
const SEAL = 8 + TAG;
/** Where the block of the tags would stand: behind any that there can be. */
const LAST = 0xffff_ffff;

/** What the bytes of an answer hang on besides how it is rendered: the same gives the same bytes. */
export interface BodyId {
  readonly number: SnapshotNumber;
  readonly digest: Digest;
  /** Of who was purged from the snapshot; `""` when nobody was. */
  readonly purged: string;
}

export const isSameBody = (a: BodyId, b: BodyId) =>
  a.number === b.number && a.digest === b.digest && a.purged === b.purged;

/** Which file is meant: in which folder, of what, and compressed how. */
export interface BodyPlace {
  readonly folder: string;
  readonly id: BodyId;
  readonly encoding: Encoding;
}

const SUFFIX: Readonly<Record<Encoding, string>> = { identity: '.json', gzip: '.json.gz' };

/** What a file that is still being written ends with. */
export const PARTIAL = '.partial';

export const bodyPath = ({ folder, id, encoding }: BodyPlace) => join(folder, `${id.number}${SUFFIX[encoding]}`);

/** Whether a file is called as ours are, finished or not: what else is in a folder is none of our business. */
export const isBodyName = (name: string) => /^\d+\.json(\.gz)?(\..+\.partial)?$/.test(name);

const keyOf = ({ id, encoding }: BodyPlace): Buffer =>
  hash('sha256', JSON.stringify([FORMAT, encoding, id.number, id.digest, id.purged]), 'buffer');

function tagOf(key: Buffer, block: number, bytes: Uint8Array): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(block, 8);
  const mac = createCipheriv('aes-256-gcm', key, nonce).setAAD(bytes);
  mac.final();
  return mac.getAuthTag();
}

/** What is in a file is not what was written to it. */
export class BodyDamaged extends Error {
  override readonly name = 'BodyDamaged';
}

/** Files cannot be written where they should be: the folder is not ours, the disk is full, and the like. */
export class BodyUnwritable extends Error {
  override readonly name = 'BodyUnwritable';
}

async function writing<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw new BodyUnwritable((error as Error).message, { cause: error });
  }
}

/** A file that is written under another name, which takes its place as a whole or not at all. Throws {@link BodyUnwritable}. */
export class BodyDraft implements Draft<void> {
  readonly #place: BodyPlace;
  readonly #path: string;
  readonly #key: Buffer;
  readonly #handle: FileHandle;
  readonly #tags: Buffer[] = [];
  readonly #block = Buffer.allocUnsafeSlow(BLOCK);
  #filled = 0;
  #size = 0;
  #isOpen = true;

  private constructor(place: BodyPlace, path: string, handle: FileHandle) {
    this.#place = place;
    this.#path = path;
    this.#key = keyOf(place);
    this.#handle = handle;
  }

  /** Makes the folder, too. */
  static open(place: BodyPlace): Promise<BodyDraft> {
    return writing(async () => {
      await makePrivate(place.folder);
      const path = `${bodyPath(place)}.${randomUUID()}${PARTIAL}`;
      return new BodyDraft(place, path, await open(path, 'wx', 0o600));
    });
  }

  async write(piece: Uint8Array): Promise<void> {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + BLOCK - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === BLOCK) await writing(() => this.#flush());
    }
  }

  keep(): Promise<void> {
    return writing(async () => {
      if (this.#filled > 0) await this.#flush();
      await this.#handle.writeFile(sealOf(this.#key, this.#tags, this.#size));
      await this.#handle.sync();
      await this.#close();
      await rename(this.#path, bodyPath(this.#place));
      await using folder = await open(this.#place.folder);
      await folder.sync();
    });
  }

  /** What was not kept is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    const block = this.#block.subarray(0, this.#filled);
    this.#tags.push(tagOf(this.#key, this.#tags.length, block));
    this.#size += block.length;
    this.#filled = 0;
    await this.#handle.writeFile(block);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}

function sealOf(key: Buffer, tags: readonly Buffer[], size: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(size));
  const sealed = Buffer.concat([...tags, length]);
  return Buffer.concat([sealed, tagOf(key, LAST, sealed)]);
}

/** Only its owner may look into it: it is people's data. */
async function makePrivate(folder: string): Promise<void> {
  await mustNotBeAnothers(dirname(folder));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  if (uid === process.getuid?.() && (mode & 0o077) === 0) return;
  throw new Error(
    `the folder ${folder} is not ours alone: make it mode 0700 and owned by the account that runs rosterd`,
  );
}

/** Root could, but the daemon whose folder it is could not use what root leaves there. */
async function mustNotBeAnothers(parent: string): Promise<void> {
  const owner = (await stat(parent).catch(() => undefined))?.uid;
  if (process.getuid?.() !== 0 || owner === undefined || owner === 0) return;
  throw new Error(`the folder ${parent} belongs to another account, and this is root`);
}

/** Reads into all of the buffer; throws a {@link BodyDamaged} where the file ends before that. */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) throw new BodyDamaged('it ends too early');
    done += bytesRead;
  }
}

/** What stands behind the bytes of an answer. */
interface Seal {
  /** Of the answer, in bytes. */
  readonly size: number;
  /** Of its blocks, one after the other. */
  readonly tags: Buffer;
}

/** Undefined where the file is none of what the key is made of. */
async function readSeal(handle: FileHandle, key: Buffer): Promise<Seal | undefined> {
  const { size: all } = await handle.stat();
  if (all < SEAL) return undefined;
  const end = Buffer.alloc(SEAL);
  await fill(handle, end, all - SEAL);
  const size = Number(end.readBigUInt64BE());
  const length = Math.ceil(size / BLOCK) * TAG;
  if (all !== size + length + SEAL) return undefined;
  const sealed = Buffer.alloc(length + 8);
  await fill(handle, sealed, size);
  if (!tagOf(key, LAST, sealed).equals(end.subarray(8))) return undefined;
  return { size, tags: sealed.subarray(0, length) };
}

/** A file that is open: it can be read to its end, whatever takes its place meanwhile. */
export class BodyFile implements AsyncDisposable {
  /** Of the answer, in bytes. */
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #key: Buffer;
  readonly #tags: Buffer;

  private constructor(handle: FileHandle, place: BodyPlace, { size, tags }: Seal) {
    this.#handle = handle;
    this.#path = bodyPath(place);
    this.#key = keyOf(place);
    this.size = size;
    this.#tags = tags;
  }

  /** Undefined where there is none, or none of this that can be read. */
  static async open(place: BodyPlace): Promise<BodyFile | undefined> {
    const handle = await open(bodyPath(place)).catch(() => undefined);
    const seal = handle && (await readSeal(handle, keyOf(place)).catch(() => undefined));
    if (handle && seal) return new BodyFile(handle, place, seal);
    await handle?.close();
    return undefined;
  }

  /** Throws a {@link BodyDamaged}. */
  async load(): Promise<Buffer> {
    const whole = Buffer.allocUnsafeSlow(this.size);
    for (let block = 0; block * BLOCK < this.size; block += 1) {
      await this.#read(block, whole.subarray(block * BLOCK, (block + 1) * BLOCK));
    }
    return whole;
  }

  /** Everything from the start, as fast as somebody takes it; breaks off with a {@link BodyDamaged}. */
  stream(): Readable {
    let block = 0;
    const next = async (): Promise<Buffer | null> => {
      const left = this.size - block * BLOCK;
      if (left <= 0) return null;
      const bytes = Buffer.allocUnsafeSlow(Math.min(left, BLOCK));
      await this.#read(block, bytes);
      block += 1;
      return bytes;
    };
    return new Readable({
      highWaterMark: 1,
      read() {
        next().then(
          bytes => this.push(bytes),
          (error: Error) => this.destroy(error),
        );
      },
    });
  }

  /** Nobody may be reading any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #read(block: number, into: Buffer): Promise<void> {
    try {
      await fill(this.#handle, into, block * BLOCK);
    } catch (error) {
      throw new BodyDamaged(`${this.#path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    const tag = this.#tags.subarray(block * TAG, (block + 1) * TAG);
    if (tagOf(this.#key, block, into).equals(tag)) return;
    throw new BodyDamaged(`${this.#path} is damaged: block ${block} is not as it was written`);
  }
}
