import type { Config } from '../src/config/schema.ts';
import type { Store } from '../src/store/store.ts';
import { type RosterStanding, type RosterTrouble, rosterStanding } from '../src/views/standing.ts';
import { type CertificateStanding, certificateStanding, isUrgent } from './certificate-standing.ts';

/** What makes `status` end with 1. */
export type Trouble = RosterTrouble | 'certificate';

/** How things stand: what is served, whatever keeps it from being newer, and what it is shown with. */
export interface Standing extends Omit<RosterStanding, 'troubles'> {
  readonly troubles: readonly Trouble[];
  /** Absent where the server speaks plain HTTP. */
  readonly certificate: CertificateStanding | undefined;
}

/** Reads from the store, and from the certificate's file, how things stand. */
export async function standingOf(config: Config, store: Store, now: Date): Promise<Standing> {
  const standing = await rosterStanding(config, store, now);
  const certificate = await certificateStanding(config.server.tls?.cert, now);
  const troubles = [...standing.troubles, ...(certificate && isUrgent(certificate) ? ['certificate' as const] : [])];
  return { ...standing, troubles, certificate };
}
