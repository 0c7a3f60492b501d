import { openStore } from '../../src/store/open.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig } from '../support/hr.ts';
import { freshDatabase } from '../support/mariadb.ts';
import { COLUMNS, generation, TABLES, Truths } from './generations.ts';
import { FaultHouse, type Parts, type Personnel, Promises, personnelFile } from './house.ts';
import { disturb, type Kind } from './series.ts';

/** More than what a server sends for one pull of the largest generation. */
const BYTES = 5_000;
/** About what the rows of its last table take. */
const LAST_ROWS = 500;

/** The connection to the source is cut after any number of bytes. */
export const cutSource: Kind = async (count, chance, tally) => {
  await using folder = await temporaryFolder();
  await using personnel = await personnelServer();
  const { hostname, port } = new URL(personnel.url);
  await using proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  const config = hrConfig(folder.path, proxy.through(personnel.url));
  await using store = await openStore(config.store, { migrate: true });
  const promises = new Promises(new Truths());
  const house = await FaultHouse.open({ config, store, personnel, promises });
  let longest = 0;
  await disturb({ house, store, promises }, count, async () => {
    // Every other one hits the last rows, as far as cuts before have shown where they are.
    const bytes = chance.happens(0.5) ? chance.below(BYTES) : Math.max(0, longest - chance.below(LAST_ROWS));
    proxy.cutAfter(bytes, chance.happens(0.5) ? 'fin' : 'rst');
    await house.work();
    await proxy.restore();
    const status = (await store.runs.newestFinished())?.status;
    if (status === 'failed') longest = Math.max(longest, bytes);
    tally.add(`cut, run ${status}`);
  });
};

/** In a MariaDB database. */
async function personnelServer(): Promise<Personnel> {
  const database = await freshDatabase();
  await database.execute(TABLES);
  return {
    url: await database.reader(),
    async become(number) {
      const tables = Object.entries(COLUMNS) as [keyof typeof COLUMNS, string][];
      const steps = tables.map(
        ([table, columns]) => `delete from ${table}; insert into ${table} (${columns}) values ?`,
      );
      const rows = generation(number);
      await database.execute(
        `begin; ${steps.join('; ')}; commit`,
        tables.map(([table]) => rows[table]),
      );
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** More than what the server of the store sends for one run and its answer, from the first connection on. */
const STORE_BYTES = 60_000;

/** The connections to the store are cut after any number of bytes: also a commit whose answer gets lost. */
export const cutStore: Kind = async (count, chance, tally) => {
  await using folder = await temporaryFolder();
  await using database = await freshDatabase();
  const { hostname, port } = new URL(database.url);
  await using proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  await using personnel = personnelFile(folder.path);
  const config = hrConfig(folder.path, personnel.url);
  await using direct = await openStore({ url: database.url }, { migrate: true });
  const promises = new Promises(new Truths());
  const through = { url: proxy.through(database.url) };
  await disturb(
    { house: await FaultHouse.open({ config, store: direct, personnel, promises }), store: direct, promises },
    count,
    async () => {
      proxy.cutAfter(chance.below(STORE_BYTES), chance.happens(0.5) ? 'fin' : 'rst');
      tally.add(await visit({ config: { ...config, store: through }, personnel, promises }));
      await proxy.restore();
    },
  );
};

/** What became of asking `/sync` on a store that may not even be there. */
async function visit(parts: Omit<Parts, 'store'>): Promise<string> {
  const store = await openStore(parts.config.store, { migrate: false }).catch(() => undefined);
  if (!store) return 'store cut, not opened';
  try {
    const told = await (await FaultHouse.open({ ...parts, store })).work();
    return `store cut, ${'refusal' in told ? told.refusal : 'answered'}`;
  } finally {
    await store[Symbol.asyncDispose]();
  }
}
