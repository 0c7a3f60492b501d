import { rosterDigest, withPurged } from '../roster/leaf.ts';
import type { Department, Digest, Snapshot, SnapshotNumber } from '../roster/model.ts';
import { renderer } from '../roster/render.ts';
import type { Store } from '../store/store.ts';

/** What the store has of a snapshot does not add up to its digest. */
export class SnapshotDamaged extends Error {
  override readonly name = 'SnapshotDamaged';
}

/** How often a snapshot is looked at that does not add up: somebody in it may just be purged, or it may be pruned. */
const LOOKS = 2;

/**
 * The answer to `/sync` for one snapshot; whoever was purged from it is not in that. Throws {@link SnapshotDamaged} when what
 * the store has does not add up to the snapshot's digest.
 */
export async function renderSnapshot(store: Store, number: SnapshotNumber): Promise<Uint8Array<ArrayBuffer>> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const snapshot = await store.snapshots.get(number);
    if (!snapshot) throw new Error(`there is no snapshot ${number}`);
    const body = await bodyOf(store, snapshot);
    if (body) return body;
  }
  throw new SnapshotDamaged(
    `snapshot ${number} is damaged: what the store has is not what its digest says; restore a backup`,
  );
}

/** Undefined when it does not add up. */
async function bodyOf(store: Store, { number, digest }: Snapshot): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const departments: Department[] = [];
  const departmentLeaves: Digest[] = [];
  for await (const page of store.departments.at(number)) {
    for (const { value, leaf } of page) {
      departments.push(value);
      departmentLeaves.push(leaf);
    }
  }
  const peopleLeaves: Digest[] = [];
  const chunks: Buffer[] = [];
  const writer = renderer();
  for await (const page of store.people.at(number)) {
    for (const { leaf } of page) peopleLeaves.push(leaf);
    chunks.push(Buffer.from(writer.people(page.map(stored => stored.value))));
  }
  chunks.push(Buffer.from(writer.end(departments)));
  const all = withPurged(peopleLeaves, await store.purged(number));
  return rosterDigest(departmentLeaves, all) === digest ? joined(chunks) : undefined;
}

/** In memory of its own, so that it can be handed to another thread without a copy. */
function joined(chunks: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let place = 0;
  for (const chunk of chunks) {
    whole.set(chunk, place);
    place += chunk.length;
  }
  return whole;
}
