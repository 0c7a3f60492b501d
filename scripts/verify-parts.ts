import { fold } from '../src/roster/fold.ts';
import { lendersIn, type Person, type Snapshot } from '../src/roster/model.ts';
import { RowDamaged } from '../src/store/error.ts';
import type { Hold, Sides, Store } from '../src/store/store.ts';
import { oddNameText, SourceNames } from './source-names.ts';
import type { PartDamage } from './text/verify.ts';
import { DEPARTMENTS, isReason, type Kind, oddFields, PEOPLE } from './verify-rows.ts';

/** What is wrong with the store besides its snapshots; its file comes first, for that explains whatever else is. */
export async function* damagedParts(store: Store): AsyncGenerator<PartDamage> {
  for (const text of await store.integrity()) yield { part: 'file', name: '', text };
  for (const { source } of await store.extracts.heads()) {
    for (const text of await troubleIn(() => store.extracts.get(source))) yield { part: 'extract', name: source, text };
  }
  const hold = await store.holds.open();
  for (const text of hold ? await holdTroubles(store, hold) : []) {
    yield { part: 'hold', name: String(hold?.number), text };
  }
  for (const run of await store.runs.unreadable()) {
    yield { part: 'run', name: String(run), text: 'its list of problems is not what was written' };
  }
  const newest = await store.snapshots.newest();
  for (const text of newest ? await ledgerTroubles(store, newest) : []) yield { part: 'ledger', name: '', text };
}

/** What is said by something that cannot be done. */
async function troubleIn(work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The candidate has to be what was held, and each of its rows has to make sense. */
async function holdTroubles(store: Store, { number, run: made }: Hold): Promise<string[]> {
  const troubles = await troubleIn(async () => {
    const { people, departments } = await store.holds.publication(number);
    const candidate = await store.holds.candidate(number);
    const names = new SourceNames();
    for (const { source } of (await store.runs.heads.get(made))?.sources ?? []) names.trust(source);
    const odd = [
      ...rowTroubles(candidate.people, PEOPLE, names),
      ...rowTroubles(candidate.departments, DEPARTMENTS, names),
      ...names.odd().map(one => `${one.where.kind} ${one.where.key}: ${oddNameText(one)}`),
    ];
    const ends = candidate.people.before.length + candidate.departments.before.length;
    const wanted = people.ended.length + departments.ended.length;
    if (ends !== wanted) odd.push(`of ${wanted} rows that it ends ${ends} are there`);
    if (odd.length > 0) throw new Error(shortened(odd));
  });
  // A run may have ended the hold meanwhile.
  return (await store.holds.open())?.number === number ? troubles : [];
}

function rowTroubles<Value>({ before, after }: Sides<Value>, kind: Kind<Value>, names: SourceNames): string[] {
  const ended = before.flatMap(({ key, load }) => {
    const { removal } = load();
    if (removal && removal.source !== '') names.note(removal.source, { kind: kind.kind, key });
    return removal && !isReason(removal) ? `${kind.kind} ${key}: it says "${removal.reason}" for why it ends` : [];
  });
  const begun = after.flatMap(({ key, load }) => {
    const loaded = load();
    for (const source of lendersIn(loaded.from)) names.note(source, { kind: kind.kind, key });
    return oddFields(loaded, kind.fieldsOf).map(text => `${kind.kind} ${key}: ${text}`);
  });
  return [...ended, ...begun];
}

/** How many are told of many. */
const TOLD = 3;

const shortened = (texts: readonly string[], separator = '; ') =>
  texts.length > TOLD
    ? `${texts.slice(0, TOLD).join(separator)} and ${texts.length - TOLD} more`
    : texts.join(separator);

/** Whoever is served has to be known by key, username and email, for ever. */
async function ledgerTroubles(store: Store, { number }: Snapshot): Promise<string[]> {
  const unknown: string[] = [];
  try {
    for await (const page of store.people.at(number)) {
      unknown.push(
        ...(await notInLedger(
          store,
          page.map(stored => stored.value),
        )),
      );
    }
  } catch (error) {
    // What is wrong with a snapshot is told of that.
    if (!(error instanceof RowDamaged)) throw error;
  }
  if (unknown.length === 0) return [];
  return [`it does not have the username or email, as it is served, of ${shortened(unknown, ', ')}`];
}

async function notInLedger(store: Store, people: readonly Person[]): Promise<string[]> {
  const { byKey, byUsername, byEmail } = await store.ledger({
    keys: people.map(one => one.key),
    usernames: people.map(one => one.username),
    emails: people.map(one => fold(one.email)),
  });
  return people.flatMap(({ key, username, email }) => {
    const isThere =
      byKey.get(key) === username &&
      byUsername.get(fold(username))?.key === key &&
      byEmail.get(fold(email))?.includes(username);
    return isThere ? [] : key;
  });
}
