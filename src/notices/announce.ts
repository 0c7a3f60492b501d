import type { NoticeKind, NotifyConfig } from '../config/notify.ts';
import type { Config } from '../config/schema.ts';
import type { Health } from '../runs/health.ts';
import type { Store } from '../store/store.ts';
import { channelsOf } from './channel.ts';
import { deliver } from './deliver.ts';
import { enclosing } from './enclosure.ts';
import { look } from './look.ts';

/** The certificate that the daemon shows, where it shows one. */
export interface ShownCertificate {
  readonly file: string;
  readonly expires: Date;
}

/** What there is to announce, and to whom. */
export interface Desk {
  readonly notify: readonly NotifyConfig[];
  readonly store: Store;
  readonly health: Health;
  readonly certificate: ShownCertificate | undefined;
  /** What OMFLOW is given while something is held. */
  readonly sync: Pick<Config['sync'], 'on_hold'>;
  /** Of the times that are told. */
  readonly timezone: string;
  /** The name of this machine: several may share a store. */
  readonly host: string;
  readonly now: Date;
  /** Makes the report on a hold as one HTML file; undefined when that hold does not stand any more. Without it there are none. */
  readonly report?: (hold: number, masked: boolean) => Promise<Uint8Array | undefined>;
}

/** What became of telling one channel of one thing. */
export interface Announced {
  /** Of the channel: its type and where it leads, without secrets. */
  readonly channel: string;
  readonly kind: NoticeKind;
  /** `later`: it failed, and is tried again; `given_up`: it failed for the last time. */
  readonly outcome: 'sent' | 'later' | 'given_up';
  /** Why it failed; of one that was sent, whom it did not reach. */
  readonly why?: string;
}

/** The longest that a round of telling takes, in milliseconds; what is left is told in the next one. */
const ROUND = 50_000;

/** Stores that somebody in this thread is announcing for: a second round at once would only find what the first one does. */
const underWay = new WeakSet<Store>();

/**
 * Tells of bad states that were entered or left since the last time, and again what could not be told then. Any number of
 * daemons may do so on one store: each thing is written down once, and told each channel by one of them. Who dies while
 * telling leaves it to the others, who may then tell it a second time, under the same id. Throws only when the store cannot
 * be used.
 */
export async function announce(desk: Desk): Promise<Announced[]> {
  const channels = channelsOf(desk.notify);
  if (channels.length === 0 || underWay.has(desk.store)) return [];
  underWay.add(desk.store);
  try {
    await look(desk, channels);
    await desk.store.notices.forget(
      channels.map(channel => channel.id),
      desk.now,
    );
    const round = { desk, enclose: enclosing(desk), signal: AbortSignal.timeout(ROUND) };
    return (await Promise.all(channels.map(channel => deliver(channel, round)))).flat();
  } finally {
    underWay.delete(desk.store);
  }
}
