import { hash } from 'node:crypto';
import { RosterDigest } from '../roster/leaf.ts';
import type { Department, Digest, Snapshot, SnapshotNumber } from '../roster/model.ts';
import { renderer } from '../roster/render.ts';
import type { Store } from '../store/store.ts';
import { type BodyId, isSameBody } from './body-file.ts';

/** What the store has of a snapshot does not add up to its digest. */
export class SnapshotDamaged extends Error {
  override readonly name = 'SnapshotDamaged';
}

/** Where bytes are put one after the other. What is disposed of without having been kept leaves nothing. */
export interface Draft<Kept> extends AsyncDisposable {
  write(piece: Uint8Array): Promise<void>;
  keep(): Promise<Kept>;
}

/** How often a snapshot is looked at that does not add up: somebody in it may just be purged, or it may be pruned. */
const LOOKS = 2;

/**
 * The answer to `/sync` for one snapshot; whoever was purged from it is not in that. Throws {@link SnapshotDamaged} when what
 * the store has does not add up to the snapshot's digest.
 */
export const renderSnapshot = (store: Store, number: SnapshotNumber): Promise<Uint8Array<ArrayBuffer>> =>
  renderTo(store, number, async () => new MemoryDraft());

/** The same, to where `begin` says. */
export async function renderTo<Kept>(
  store: Store,
  number: SnapshotNumber,
  begin: (id: BodyId) => Promise<Draft<Kept>>,
): Promise<Kept> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const snapshot = await store.snapshots.get(number);
    if (!snapshot) throw new Error(`there is no snapshot ${number}`);
    const id = await bodyIdOf(store, snapshot);
    await using draft = await begin(id);
    if (!(await addsUp(store, snapshot, draft))) continue;
    const kept = await draft.keep();
    // Whoever is purged looks for files only after that: this is either seen there or seen here.
    if (isSameBody(id, await bodyIdOf(store, snapshot))) return kept;
  }
  throw new SnapshotDamaged(
    `snapshot ${number} is damaged: what the store has is not what its digest says; restore a backup`,
  );
}

/** What the answer hangs on as it is now. */
export async function bodyIdOf(store: Pick<Store, 'purged'>, { number, digest }: Snapshot): Promise<BodyId> {
  const purged = await store.purged(number);
  return { number, digest, purged: purged.length === 0 ? '' : hash('sha256', JSON.stringify(purged)) };
}

/** Writes the answer; false when what the store has does not add up. */
async function addsUp(store: Store, { number, digest }: Snapshot, draft: Draft<unknown>): Promise<boolean> {
  const departments: Department[] = [];
  const departmentLeaves: Digest[] = [];
  for await (const page of store.departments.at(number)) {
    for (const { value, leaf } of page) {
      departments.push(value);
      departmentLeaves.push(leaf);
    }
  }
  // Whoever is purged after this is neither there nor here, so that it does not add up, and is looked at once more.
  const whole = new RosterDigest(departmentLeaves, await store.purged(number));
  const writer = renderer();
  for await (const page of store.people.at(number)) {
    whole.add(page.map(stored => stored.leaf));
    await draft.write(Buffer.from(writer.people(page.map(stored => stored.value))));
  }
  await draft.write(Buffer.from(writer.end(departments)));
  return whole.end() === digest;
}

/** In memory of its own, so that it can be handed to another thread without a copy. */
export class MemoryDraft implements Draft<Uint8Array<ArrayBuffer>> {
  #pieces: Uint8Array[] = [];

  async write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
  }

  async keep(): Promise<Uint8Array<ArrayBuffer>> {
    const whole = new Uint8Array(this.#pieces.reduce((size, piece) => size + piece.length, 0));
    let place = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, place);
      place += piece.length;
    }
    return whole;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pieces = [];
  }
}
