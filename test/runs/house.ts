import { openLine } from '../../src/line.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { type Line, type RunResult, run } from '../../src/runs/run.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type HrDatabase, hrConfig, hrDatabase, hrSource, type Served } from '../support/hr.ts';

/** A whole line on a real HR database and a store of its own, without a daemon around it. */
export interface House extends AsyncDisposable {
  readonly hr: HrDatabase;
  readonly store: Store;
  readonly line: Line;
  pull(options?: { dryRun?: boolean; line?: Partial<Line> }): Promise<RunResult>;
  /** What OMFLOW would get of the newest snapshot. */
  served(): Promise<Served>;
}

export async function openHouse(more: Record<string, unknown> = {}): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const hr = stack.use(await hrDatabase());
  const config = hrConfig(folder.path, hr.url, more);
  const store = stack.use(await openStore(config.store, { migrate: true }));
  const line = await openLine(config, store);
  const owned = stack.move();
  return {
    hr,
    store,
    line,
    pull: ({ dryRun = false, line: other = {} } = {}) =>
      run({ ...line, ...other }, { cause: 'pull', dryRun, signal: new AbortController().signal }),
    async served() {
      const newest = await store.snapshots.newest();
      if (!newest) throw new Error('nothing was published');
      return JSON.parse(new TextDecoder().decode(await renderSnapshot(store, newest.number)));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The house's line as a configuration with another query for people makes it. */
export function asking({ hr, store }: House, query: string): Promise<Line> {
  const source = hrSource(hr.url);
  const people = { ...source.people, query };
  return openLine(hrConfig('', hr.url, { sources: [{ ...source, people }] }), store);
}

/** Marks people of the HR database as left long ago, by their numbers. */
export const leave = ({ hr }: House, ...ids: readonly number[]) =>
  hr.execute("update employees set leave_date = '2020-01-31' where emp_id in (?)", [ids]);
