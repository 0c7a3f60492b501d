import type { Hold, Store } from '../store/store.ts';
import { heldSnapshot, isHeld } from '../views/held.ts';
import type { RosterStanding } from '../views/standing.ts';
import { cascadesBetween, type Hazard, hazardText } from '../views/transition.ts';
import { type Gathered, gather, ROOM } from './collect-diff.ts';
import { deliveryData } from './collect-standing.ts';
import { type HoldData, LIMITS, type SyncData } from './data.ts';
import type { ReportPair } from './pair.ts';

/** The pair that is looked at, with what differs. */
export interface Chosen extends Gathered {
  readonly pair: ReportPair;
}

type Standing = Pick<RosterStanding, 'delivered' | 'served'>;

/** A diff besides the chosen one, or that one once more where it is the same and small enough. */
async function aside(store: Store, pair: ReportPair, chosen: Chosen | undefined): Promise<Gathered> {
  const isChosen =
    chosen !== undefined &&
    pair.before?.number === chosen.pair.before?.number &&
    pair.after.number === chosen.pair.after.number &&
    isHeld(pair.after) === isHeld(chosen.pair.after);
  return isChosen && chosen.bytes <= LIMITS.aside ? chosen : await gather(store, pair, ROOM.aside);
}

/** What OMFLOW will do if it syncs now; undefined when nothing was delivered, or what was is not kept any more. */
export async function syncData(
  store: Store,
  standing: Standing,
  chosen: Chosen | undefined,
): Promise<SyncData | undefined> {
  const { delivered, served: after } = standing;
  const before = delivered && (await store.snapshots.get(delivered.snapshot));
  if (!delivered || !before || !after) return undefined;
  const { diff, emailMoves } = await aside(store, { before, after }, chosen);
  const hazards = [...(await cascadesBetween(store, { before, after })), ...emailMoves];
  return { delivered: deliveryData(delivered), diff, hazards: hazards.slice(0, LIMITS.hazards).map(hazardSentence) };
}

const PLAIN = { name: (text: string) => text, email: (text: string) => text };

/** A department may have thousands below it, which nobody would read. */
export function hazardSentence(hazard: Hazard): string {
  if (hazard.what === 'email' || hazard.along.length <= LIMITS.along) return hazardText(hazard, PLAIN);
  const rest = hazard.along.length - LIMITS.along;
  return hazardText({ ...hazard, along: [...hazard.along.slice(0, LIMITS.along), `${rest} more`] }, PLAIN);
}

/** The candidate that waits, if one does. */
export async function holdData(store: Store, chosen: Chosen | undefined): Promise<HoldData | undefined> {
  const after = await heldSnapshot(store);
  if (!after) return undefined;
  const { held } = after;
  const before = held.base === undefined ? undefined : await store.snapshots.get(held.base);
  const { diff } = await aside(store, { before, after }, chosen);
  return { ...aboutHold(held), diff };
}

const aboutHold = ({ number, opened, findings, changes, people }: Hold): Omit<HoldData, 'diff'> => ({
  number,
  opened: opened.toISOString(),
  findings: findings.map(({ guard, text }) => ({ guard, text })),
  counts: changes,
  approvable: people > 0,
});
