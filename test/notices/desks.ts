import { type NotifyConfig, notify } from '../../src/config/notify.ts';
import type { Desk } from '../../src/notices/announce.ts';
import type { Store } from '../../src/store/store.ts';
import { AT, healthAfter } from './healths.ts';

/** Channels as a configuration has them. */
export const channels = (...some: readonly object[]): NotifyConfig[] => notify.parse(some);

/** What there is to announce, of a system that is well. */
export const deskOf = (store: Store, more: Partial<Desk>): Desk => ({
  notify: [],
  store,
  health: healthAfter(1),
  certificate: undefined,
  sync: { on_hold: 'fail' },
  timezone: 'UTC',
  host: 'gate',
  now: AT,
  ...more,
});
