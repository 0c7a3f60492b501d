import { rosterDigest } from '../roster/leaf.ts';
import type { Department, Digest, SnapshotNumber } from '../roster/model.ts';
import { renderer } from '../roster/render.ts';
import type { Store } from '../store/store.ts';

/** The answer to `/sync` for one snapshot. Throws when what the store has does not add up to the snapshot's digest. */
export async function renderSnapshot(store: Store, number: SnapshotNumber): Promise<Uint8Array<ArrayBuffer>> {
  const snapshot = await store.snapshots.get(number);
  if (!snapshot) throw new Error(`there is no snapshot ${number}`);
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
  if (rosterDigest(departmentLeaves, peopleLeaves) !== snapshot.digest) {
    throw new Error(`snapshot ${number} is damaged: what the store has is not what its digest says; restore a backup`);
  }
  return joined(chunks);
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
