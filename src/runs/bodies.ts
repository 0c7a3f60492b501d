import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BodyStream, Encoding, RosterBody } from '../http/roster.ts';
import type { SnapshotNumber } from '../roster/model.ts';
import { type Draft, MemoryDraft } from './body.ts';
import { BodyDamaged, BodyDraft, BodyFile, type BodyId, BodyUnwritable, isSameBody } from './body-file.ts';
import { tidyBodies } from './body-folder.ts';

/** What answers are made with, and where they are kept. */
export interface BodySettings {
  /** Where files are; undefined: all is in memory. */
  readonly folder: string | undefined;
  /** What is larger than so many bytes is sent from its file, and never as a whole in memory. */
  readonly inMemory: number;
  /** Makes the file; where that cannot be, gives the bytes. */
  render(snapshot: SnapshotNumber): Promise<Uint8Array | undefined>;
  /** Told of a file that is not as it was written, and made anew. */
  damaged(error: Error): void;
}

/** The answer that was asked for last. */
interface Kept {
  readonly id: BodyId;
  readonly body: Once<Body>;
  /** What is in memory as a whole, by its form: the same for all who ask. */
  readonly shared: Map<Encoding, RosterBody>;
}

/** How often an answer is tried to be had, when there is a file that is not as it should be. */
const LOOKS = 3;

/** The answer that is served at present: made once and shared by all who ask for it. */
export class Bodies implements Disposable {
  readonly #settings: BodySettings;
  /** In which forms it was ever asked for: those are made ready of the next snapshot, too. */
  readonly #asked = new Set<Encoding>();
  #kept: Kept | undefined;
  readonly #stopping = new AbortController();
  /** Of files that proved damaged. */
  #removing: Promise<void> = Promise.resolve();

  constructor(settings: BodySettings) {
    this.#settings = settings;
  }

  async take(id: BodyId, encoding: Encoding): Promise<RosterBody> {
    const known = this.#keptOf(id).shared.get(encoding);
    if (known) return known;
    this.#asked.add(encoding);
    return await this.#withBody(id, async (body, { shared }) => {
      const taken = { snapshot: id.number, whole: body.whole, content: await body.content(encoding) };
      if (taken.content instanceof Uint8Array) shared.set(encoding, taken);
      return taken;
    });
  }

  /** Makes ready what will be asked for. */
  async prepare(id: BodyId): Promise<void> {
    await this.#withBody(id, async body => {
      for (const encoding of this.#asked) await body.form(encoding);
    });
  }

  /** What is just being made is broken off. */
  [Symbol.dispose](): void {
    this.#stopping.abort();
    void this.#retire();
  }

  async #withBody<Value>(id: BodyId, use: (body: Body, kept: Kept) => Promise<Value>): Promise<Value> {
    for (let look = 1; ; look += 1) {
      const kept = this.#keptOf(id);
      try {
        // What is awaited first goes on first: a body that is retired meanwhile is in use by then.
        return await use(await kept.body.get(), kept);
      } catch (error) {
        if (!(error instanceof BodyDamaged)) throw error;
        this.#discard(kept, error);
        if (look === LOOKS) throw error;
      }
    }
  }

  #keptOf(id: BodyId): Kept {
    if (this.#kept && isSameBody(this.#kept.id, id)) return this.#kept;
    void this.#retire();
    const body = once(() => this.#make(id, error => this.#discard(kept, error)));
    const kept: Kept = { id, body, shared: new Map() };
    this.#kept = kept;
    return kept;
  }

  /** Whoever is being sent the one before gets it to its end. */
  async #retire(): Promise<void> {
    const body = await this.#kept?.body.made()?.catch(() => undefined);
    await body?.retire();
  }

  #discard(kept: Kept, error: Error): void {
    if (this.#kept !== kept) return;
    this.#settings.damaged(error);
    void this.#retire();
    this.#kept = undefined;
    const { folder } = this.#settings;
    if (folder !== undefined) this.#removing = tidyBodies(folder, [], { all: false }).catch(() => {});
  }

  async #make(id: BodyId, damaged: (error: Error) => void): Promise<Body> {
    await this.#removing;
    const { folder, inMemory, render } = this.#settings;
    const terms = { folder, inMemory, id, damaged, signal: this.#stopping.signal };
    const place = folder === undefined ? undefined : { folder, id, encoding: 'identity' as const };
    const there = place && (await BodyFile.open(place));
    if (there) return new Body(there, terms);
    const bytes = await render(id.number);
    const made = bytes ?? (place && (await BodyFile.open(place)));
    if (made) return new Body(made, terms);
    throw new Error(`the answer with snapshot ${id.number} is another one by now`);
  }
}

interface BodyTerms extends Pick<BodySettings, 'folder' | 'inMemory' | 'damaged'> {
  readonly id: BodyId;
  /** Aborts when nobody will ask any more. */
  readonly signal: AbortSignal;
}

/** How hard gzip tries: it gives as few bytes as with its usual 6, in little more than half the time. */
const LEVEL = 4;

/** One answer in all its forms; its files are open until it is retired and nobody reads them any more. */
class Body {
  readonly #terms: BodyTerms;
  readonly #source: Uint8Array | BodyFile;
  readonly #files: BodyFile[] = [];
  readonly #forms = {
    identity: once(() => this.#loaded(this.#source)),
    gzip: once(async () => await this.#loaded(await this.#compressed())),
  };
  #users = 0;
  #isRetired = false;

  constructor(source: Uint8Array | BodyFile, terms: BodyTerms) {
    this.#source = source;
    this.#terms = terms;
    if (source instanceof BodyFile) this.#files.push(source);
  }

  get whole(): number {
    return this.#source instanceof BodyFile ? this.#source.size : this.#source.length;
  }

  async content(encoding: Encoding): Promise<Uint8Array | BodyStream> {
    const form = await this.form(encoding);
    return form instanceof BodyFile ? { size: form.size, stream: this.#streamOf(form) } : form;
  }

  /** Throws a {@link BodyDamaged}, as all do that read. */
  async form(encoding: Encoding): Promise<Uint8Array | BodyFile> {
    this.#users += 1;
    try {
      return await this.#forms[encoding].get();
    } finally {
      // Only then: who asked for it may go on reading.
      setImmediate(() => this.#leave());
    }
  }

  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#closeUnused();
  }

  #leave(): void {
    this.#users -= 1;
    void this.#closeUnused();
  }

  async #closeUnused(): Promise<void> {
    if (!this.#isRetired || this.#users > 0) return;
    for (const file of this.#files.splice(0)) await file[Symbol.asyncDispose]();
  }

  #streamOf(file: BodyFile): Readable {
    this.#users += 1;
    return file
      .stream()
      .once('error', error => error instanceof BodyDamaged && this.#terms.damaged(error))
      .once('close', () => this.#leave());
  }

  async #loaded(form: Uint8Array | BodyFile): Promise<Uint8Array | BodyFile> {
    return form instanceof BodyFile && form.size <= this.#terms.inMemory ? await form.load() : form;
  }

  /** From its file, which is made if there is none; where none can be, in memory. */
  async #compressed(): Promise<Uint8Array | BodyFile> {
    const { folder, id } = this.#terms;
    if (folder === undefined) return await this.#compressTo(new MemoryDraft());
    const place = { folder, id, encoding: 'gzip' as const };
    const there = await BodyFile.open(place);
    if (there) return this.#owned(there);
    try {
      await this.#compressTo(await BodyDraft.open(place));
    } catch (error) {
      if (!(error instanceof BodyUnwritable)) throw error;
    }
    const made = await BodyFile.open(place);
    return made ? this.#owned(made) : await this.#compressTo(new MemoryDraft());
  }

  #owned(file: BodyFile): BodyFile {
    this.#files.push(file);
    return file;
  }

  /** The work is done by threads that zlib has; whoever does not want it so waits for none of it. */
  async #compressTo<Kept>(draft: Draft<Kept>): Promise<Kept> {
    await using _ = draft;
    const source = this.#source instanceof BodyFile ? this.#source.stream() : Readable.from([this.#source]);
    const write = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await draft.write(piece);
    };
    await pipeline(source, createGzip({ level: LEVEL }), write, { signal: this.#terms.signal });
    return await draft.keep();
  }
}

interface Once<Value> {
  get(): Promise<Value>;
  /** What is made, or being made; undefined while nobody has asked for it. */
  made(): Promise<Value> | undefined;
}

/** What `make` gives, when it is first asked for and for all who ask then; made again only if that failed. */
function once<Value>(make: () => Promise<Value>): Once<Value> {
  let made: Promise<Value> | undefined;
  return {
    made: () => made,
    get() {
      if (made) return made;
      const making = make();
      made = making;
      making.catch(() => {
        made = undefined;
      });
      return making;
    },
  };
}
