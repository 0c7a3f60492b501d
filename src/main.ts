import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config/schema.ts';
import { databaseAddress, printableAddress } from './connect/database.ts';
import type { RosterService } from './http/roster.ts';
import { type RosterServer, startServer } from './http/server.ts';
import { logPruning, logRun, logServer } from './log.ts';
import type { Authenticator, ServerNotice } from './logins/authenticate.ts';
import { openCounters } from './logins/counters.ts';
import { openAuthenticators } from './logins/open.ts';
import { type Clock, loginService } from './logins/service.ts';
import { LoginThrottle } from './logins/throttle.ts';
import { rosterService, type ServedRoster, servedLogins } from './runs/answers.ts';
import { bodyFolder } from './runs/body-folder.ts';
import { startSchedule } from './runs/schedule.ts';
import { RunWorker } from './runs/worker.ts';
import { DeliveryQueue } from './store/delivery-queue.ts';
import { StoreError } from './store/error.ts';
import { lockStore, openStore } from './store/open.ts';
import type { Store } from './store/store.ts';

/** The daemon, serving. Disposing of it is the hard way; `stop` lets calls under way finish. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Settles when the run that was started with the daemon has ended, however it did. */
  readonly firstRun: Promise<unknown>;
  /** Waits at most `within` milliseconds for calls under way; a run under way is abandoned. */
  stop(within: number): Promise<void>;
}

/** The composition root of the main thread: puts the rooms together and starts them. What it starts it stops, in reverse. */
export async function startDaemon(config: Config, log: Logger): Promise<Daemon> {
  const now = () => new Date();
  await using stack = new AsyncDisposableStack();
  // Before the store is brought up to date: a daemon of an older version that serves it would find other tables.
  stack.use(await serveAlone(config));
  await migrate(config);
  const store = stack.use(await openStore(config.store, { migrate: false, timeout: 0 }));
  const lost = (error: unknown, count: number) =>
    log.error({ count, why: (error as Error).message }, 'deliveries not recorded');
  const deliveries = stack.use(new DeliveryQueue(store, lost));
  const worker = stack.use(
    new RunWorker({
      module: new URL('./run-worker.ts', import.meta.url),
      config,
      onRun: summary => {
        logRun(log, summary);
        // Whoever asks next shall not wait for it; a run that was held or failed has changed nothing there.
        if ('snapshot' in summary.outcome) void roster.prepare();
      },
      onPruned: pruning => logPruning(log, pruning),
      onFailure: error => log.error({ why: error.message, stack: error.stack }, 'run could not be made'),
      now,
    }),
  );
  const roster = stack.use(openRoster({ config, log, store, worker, deliveries, now }));
  const notify = (notice: ServerNotice) => logServer(log, notice);
  const chain = (await openAuthenticators(config.authenticate, notify)).map(authenticator => stack.use(authenticator));
  const counters = stack.use(await openCounters(config.store, config.throttle));
  const throttle = new LoginThrottle({ counters, unlockedAt: name => store.unlocks.last(name), now: clock.now });
  const server = stack.use(await startHttp({ config, log, store, roster, chain, throttle, now }));
  const schedule = stack.use(startSchedules(config, worker));
  server.ready();
  log.info({ address: server.address, store: store.address }, 'serving');
  const firstRun = worker.run('start').catch(() => {});
  const owned = stack.move();
  return {
    address: server.address,
    firstRun,
    async stop(within) {
      // What would start now would only be broken off.
      schedule[Symbol.dispose]();
      await server.drain(within);
      await owned.disposeAsync();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Starts runs on the schedule of the configuration and on those of sources. Which sources a run reads, it finds out itself;
 * but one that began before a source's time came round has left that source out, and another has to follow.
 */
function startSchedules({ schedule, sources, timezone }: Config, worker: RunWorker): Disposable {
  const all = new DisposableStack();
  if (schedule) all.use(startSchedule(schedule, timezone, () => worker.run('schedule').catch(() => {})));
  for (const own of new Set(sources.flatMap(source => source.schedule ?? []))) {
    all.use(startSchedule(own, timezone, tick => worker.runSince(tick, 'schedule').catch(() => {})));
  }
  return all;
}

/** What the `/sync` service is made of. */
interface RosterParts {
  readonly config: Config;
  readonly log: Logger;
  readonly store: Store;
  readonly worker: RunWorker;
  readonly deliveries: DeliveryQueue;
  now(): Date;
}

function openRoster({ config, log, store, worker, deliveries, now }: RosterParts): ServedRoster {
  return rosterService({
    sync: config.sync,
    store,
    runner: worker,
    folder: bodyFolder(databaseAddress(config.store), process.env),
    now,
    unavailable: error => log.error({ why: error.message, stack: error.stack }, 'roster could not be read'),
    damaged: error => log.warn({ why: error.message }, 'a kept answer was damaged, and is made anew'),
    // A request's id is the client's to choose, and may come twice.
    delivered: ({ requestId: _, ...delivery }) => deliveries.add({ ...delivery, id: randomUUID() }),
  });
}

/** What the HTTP room is given of the others. */
interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly store: Store;
  readonly roster: RosterService;
  readonly chain: readonly Authenticator[];
  readonly throttle: LoginThrottle;
  now(): Date;
}

function startHttp({ config, log, store, roster, chain, throttle, now }: Parts): Promise<RosterServer> {
  const { listen, clients } = config.server;
  const login = loginService({ chain, throttle, clock, log, loginOf: servedLogins(store) });
  return startServer({ listen, clients, roster, login, language: config.language, log, now });
}

/** Done on a connection of its own, which may wait for other writers; the main thread's never does. */
async function migrate(config: Config): Promise<void> {
  await using _ = await openStore(config.store, { migrate: true });
}

/** Several daemons may share a store on a server, but not one in a file. */
async function serveAlone({ store }: Config): Promise<AsyncDisposable | null> {
  const address = databaseAddress(store);
  if (address.engine !== 'sqlite') return null;
  const lock = await lockStore(store, 'serve');
  if (lock) return lock;
  throw new StoreError(
    `another rosterd serves the store ${printableAddress(address)} already; stop it, or give this one a store of its own`,
  );
}

const clock: Clock = {
  now: () => performance.now(),
  wait: (time, signal) => sleep(time, undefined, { signal }).catch(() => {}),
};
