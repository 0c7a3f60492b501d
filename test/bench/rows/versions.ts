import { snapshotNumber } from '../../../src/roster/model.ts';
import { renderSnapshot } from '../../../src/runs/body.ts';
import { openStore } from '../../../src/store/open.ts';
import { configOf } from '../../support/config.ts';
import { type Finding, sizeName, type Target, type Unit } from '../finding.ts';
import { publishDays } from '../history.ts';
import type { House, StoreEngine } from '../house.ts';
import { type Row, targetAt } from '../row.ts';
import { openRuns } from '../runs.ts';
import { timed } from '../side-by-side.ts';
import { sizeOf } from './disk.ts';

const MIB = 1024 * 1024;
const ON_DISK = { 100000: { atMost: 150 * MIB } };

/** A year of versions in which one person in a hundred changes a day: what it takes on the disk, and how long. */
export const versions: Row = {
  name: 'versions',
  sizes: 'every',
  onRequest: true,
  async measure({ size, engine, effort: { days }, house }) {
    const embedded = await historyOn(await house(), 'sqlite', days);
    const shown = (what: string, unit: Unit, ours: number, target?: Target): Finding => ({
      ...{ work: `${days} versions, ${what}`, size: sizeName(size), unit, ours, target },
    });
    const findings = [
      shown('on the disk', 'bytes', embedded.bytes, targetAt(size, ON_DISK)),
      shown('published', 'ms', embedded.published),
      shown('the first rebuilt', 'ms', embedded.rebuilt),
    ];
    if (engine === 'sqlite') return findings;
    const shared = await historyOn(await house(), 'mysql', days);
    const beside = (what: string, ours: number, yardstick: number): Finding => ({
      ...shown(`${what} in MariaDB / in SQLite`, 'ms', ours, { atMost: 2 }),
      yardstick,
    });
    return [
      ...findings,
      beside('published', shared.published, embedded.published),
      beside('the first rebuilt', shared.rebuilt, embedded.rebuilt),
    ];
  },
};

/** Milliseconds, and bytes where the store is a file. */
interface History {
  readonly published: number;
  readonly rebuilt: number;
  readonly bytes: number;
}

async function historyOn(house: House, engine: StoreEngine, days: number): Promise<History> {
  const config = configOf(await house.newSettings(engine));
  await using runs = await openRuns(config);
  await runs.make('published');
  await using store = await openStore(config.store, { migrate: false });
  const published = await timed(() => publishDays(store, days - 1));
  const rebuilt = await timed(() => renderSnapshot(store, snapshotNumber(1)));
  return { published, rebuilt, bytes: engine === 'sqlite' ? sizeOf({ config }) : Number.NaN };
}
