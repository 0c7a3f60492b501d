import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Config } from './config/schema.ts';
import { databaseAddress, printableAddress } from './connect/database.ts';
import type { Phase } from './http/every-call.ts';
import type { LoginService } from './http/login.ts';
import type { Metrics } from './http/metrics.ts';
import type { Monitor } from './http/monitor.ts';
import type { ReportTerms } from './http/report.ts';
import { type RosterServer, type ServerTerms, startServer } from './http/server.ts';
import { type ShownCertificate, showCertificate } from './http/shown-certificate.ts';
import { logAnnounced, logPruning, logRun, logServer } from './log.ts';
import { type Clock, loginService } from './logins/service.ts';
import { LoginTerms } from './logins/terms.ts';
import { type Announcing, startAnnouncing } from './runs/announcing.ts';
import { rosterService, type ServedRoster, servedLogins } from './runs/answers.ts';
import { bodyFolder } from './runs/body-folder.ts';
import { startSchedule } from './runs/schedule.ts';
import { RunWorker } from './runs/worker.ts';
import { DeliveryQueue } from './store/delivery-queue.ts';
import { StoreError } from './store/error.ts';
import { lockStore, openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { SocketError, socketAddress } from './systemd/sockets.ts';
import { version } from './version.ts';

/** The daemon, serving. Disposing of it abandons calls and a run under way; `drain` before that lets the calls finish. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Where `/healthz` and the others are; absent where that is not configured. */
  readonly monitor: string | undefined;
  /** Settles when the run that was started with the daemon has ended, however it did. */
  readonly firstRun: Promise<unknown>;
  /**
   * Goes on by another configuration, without dropping a call; gives the settings that need a restart, which stay as they
   * were. Rejects where the new one cannot be used, and goes on by the old; and while it drains.
   */
  reload(config: Config): Promise<readonly string[]>;
  /** Takes no new calls, and waits at most `within` milliseconds for those under way. */
  drain(within: number): Promise<void>;
}

/** What nearly everything in the main thread has in common. */
interface Ground {
  /** As it is now: a reload puts another in its place. */
  config: Config;
  readonly log: Logger;
  readonly store: Store;
  /** Absent where nobody can ask for them. */
  metrics: Metrics | undefined;
  now(): Date;
}

/** The composition root of the main thread: puts the rooms together and starts them. What it starts it stops, in reverse. */
export async function startDaemon(config: Config, log: Logger): Promise<Daemon> {
  await using stack = new AsyncDisposableStack();
  // Before the store is brought up to date: a daemon of an older version that serves it would find other tables.
  stack.use(await serveAlone(config));
  await migrate(config);
  const store = stack.use(await openStore(config.store, { migrate: false, timeout: 0 }));
  const ground: Ground = { config, log, store, metrics: undefined, now: () => new Date() };
  const certificate = stack.use(openCertificate(ground));
  const { worker, roster, announcing } = openRuns(ground, { certificate, stack });
  const terms = stack.use(await openTerms(ground));
  const login = openLogin(ground, terms);
  // Before the other address is open: one that cannot be had shall be known before anybody calls.
  const phase = () => server?.phase ?? 'starting';
  let server: RosterServer | undefined;
  const monitor = await watch(ground, { phase, worker, certificate, stack });
  server = stack.use(await startHttp(ground, { roster, login, certificate }));
  const { address, change, drain } = server;
  const schedules = stack.use(openSchedules(config, worker));
  server.ready();
  log.info({ address, store: store.address }, 'serving');
  let isOver = false;
  const mustGoOn = () => {
    if (isOver) throw new Error('the daemon is stopping');
  };
  const firstRun = worker.run('start').catch(() => {});
  const owned = stack.move();
  return {
    address,
    monitor: monitor?.address,
    firstRun,
    async reload(next) {
      mustGoOn();
      const { config: usable, restarts } = movable(ground.config, next);
      // Whatever of it may be refused comes first.
      const show = certificate.prepare(usable.server.tls);
      await terms.change(usable);
      mustGoOn();
      show();
      ground.config = usable;
      log.level = usable.log_level;
      change(termsOf(usable, login));
      monitor?.change(reportTermsOf(usable));
      worker.configure(usable);
      schedules.change(usable);
      announcing.soon();
      return restarts;
    },
    async drain(within) {
      isOver = true;
      // What would start now would only be broken off.
      schedules[Symbol.dispose]();
      await drain(within);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const openCertificate = ({ config, log, now }: Ground): ShownCertificate =>
  showCertificate(config.server.tls, { log, now, credentials: process.env['CREDENTIALS_DIRECTORY'] });

interface Owned {
  readonly certificate: ShownCertificate;
  /** Ends what is opened. */
  readonly stack: AsyncDisposableStack;
}

/** The thread of runs, what is served of them, and who is told. */
function openRuns(ground: Ground, { certificate, stack }: Owned) {
  const { config, log, store, now } = ground;
  const lost = (error: unknown, count: number) =>
    log.error({ count, why: (error as Error).message }, 'deliveries not recorded');
  const deliveries = stack.use(new DeliveryQueue(store, lost));
  const worker = stack.use(
    new RunWorker({
      module: new URL('./run-worker.ts', import.meta.url),
      config,
      onRun: (summary, took) => {
        logRun(log, summary, took);
        ground.metrics?.run(summary, took);
        announcing.soon();
        // Whoever asks next shall not wait for it; a run that was held or failed has changed nothing there.
        if ('snapshot' in summary.outcome) void roster.prepare();
      },
      onPruned: pruning => logPruning(log, pruning),
      onFailure: error => {
        log.error({ why: error.message, stack: error.stack }, 'run could not be made');
        announcing.soon();
      },
      now,
    }),
  );
  const roster = stack.use(openRoster(ground, worker, deliveries));
  const announcing = stack.use(openAnnouncing(ground, worker, certificate));
  return { worker, roster, announcing };
}

function openRoster(ground: Ground, worker: RunWorker, deliveries: DeliveryQueue): ServedRoster {
  const { log, store, now } = ground;
  return rosterService({
    get sync() {
      return ground.config.sync;
    },
    store,
    runner: worker,
    folder: bodyFolder(databaseAddress(ground.config.store), process.env),
    now,
    unavailable: error => log.error({ why: error.message, stack: error.stack }, 'roster could not be read'),
    damaged: error => log.warn({ why: error.message }, 'a kept answer was damaged, and is made anew'),
    delivered: sent => {
      ground.metrics?.delivery(sent);
      const { requestId: _, ...delivery } = sent;
      // A request's id is the client's to choose, and may come twice.
      deliveries.add({ ...delivery, id: randomUUID() });
    },
  });
}

function openAnnouncing(ground: Ground, worker: RunWorker, certificate: ShownCertificate): Announcing {
  const { log } = ground;
  return startAnnouncing({
    wanted: () => ground.config.notify.length > 0,
    announce: () => worker.announce(certificate.state),
    onAnnounced: one => {
      logAnnounced(log, one);
      ground.metrics?.announced(one);
    },
    onFailure: error => log.error({ why: error.message }, 'it could not be found out what there is to tell'),
  });
}

function openTerms({ config, log, store }: Ground): Promise<LoginTerms> {
  return LoginTerms.open(config, {
    notify: notice => logServer(log, notice),
    unlockedAt: name => store.unlocks.last(name),
    now: clock.now,
  });
}

function openLogin(ground: Ground, terms: LoginTerms): LoginService {
  return loginService({
    get chain() {
      return terms.chain;
    },
    get throttle() {
      return terms.throttle;
    },
    clock,
    log: ground.log,
    loginOf: servedLogins(ground.store),
    onLogin: login => ground.metrics?.login(login),
  });
}

/** What the HTTP room is given of the others. */
interface Served {
  readonly roster: ServedRoster;
  readonly login: LoginService;
  readonly certificate: ShownCertificate;
}

async function startHttp(ground: Ground, { roster, login, certificate }: Served): Promise<RosterServer> {
  const { config, log, now } = ground;
  const server = await listening('server.listen', config.server.listen, listen =>
    startServer({
      ...termsOf(config, login),
      listen,
      tls: certificate.pair,
      roster,
      log,
      now,
      onCall: call => ground.metrics?.call(call),
    }),
  );
  certificate.onChange(pair => server.secure(pair));
  return server;
}

/** Opens what listens at an address of the configuration. Rejects with an error that names the setting and the way out. */
async function listening<Opened>(
  setting: string,
  address: string,
  open: (place: string) => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open(socketAddress(address, process.env, process.pid));
  } catch (error) {
    if (error instanceof SocketError) throw new SocketError(`${setting}: ${error.message}`);
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    const why = CLOSED[code];
    if (why === undefined) throw error;
    throw Object.assign(new Error(`${setting}: ${address} ${why}`, { cause: error }), { code, syscall });
  }
}

const CLOSED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program ("ss -lntp" shows which); stop that, or write another address',
  EACCES: 'may not be opened by this account; a port below 1024 is for systemd to open (listen: systemd)',
  EADDRNOTAVAIL: 'is no address of this machine; write 0.0.0.0 for all that it has',
  ENOTFOUND: 'is no name that this machine knows; write its address',
};

const termsOf = ({ server, language }: Config, login: LoginService): ServerTerms => ({
  clients: server.clients,
  trustedProxies: server.trusted_proxies,
  language,
  login,
});

const reportTermsOf = ({ server }: Config): ReportTerms => ({
  clients: server.clients,
  trustedProxies: server.trusted_proxies,
});

interface Watched extends Owned {
  phase(): Phase;
  readonly worker: RunWorker;
}

/** Opens health, metrics and the report where they are configured. */
async function watch(ground: Ground, { phase, worker, certificate, stack }: Watched): Promise<Monitor | undefined> {
  const { config, log, store, now } = ground;
  const address = config.server.monitor;
  if (address === undefined) return undefined;
  const [{ openMetrics }, { startMonitor }, { healthOf }] = await Promise.all([
    import('./http/metrics.ts'),
    import('./http/monitor.ts'),
    import('./runs/health.ts'),
  ]);
  const metrics = await openMetrics({ version: version() });
  ground.metrics = metrics;
  const health = async () => {
    const { failingSince, failure } = worker;
    const terms = { ...ground.config, failingSince, failure };
    return await healthOf(terms, store, now()).catch((error: unknown) => ({ error: (error as Error).message }));
  };
  const monitor = await listening('server.monitor', address, listen =>
    startMonitor({
      listen,
      phase,
      probe: async () => ({ health: await health(), expires: certificate.state?.expires }),
      onHold: () => ground.config.sync.on_hold,
      metrics,
      report: { ...reportTermsOf(config), make: query => worker.report(query), mark: () => store.mark() },
      log,
      now,
    }),
  );
  stack.use(monitor);
  log.info({ address: monitor.address }, 'health and metrics');
  return monitor;
}

/**
 * What may not change while the daemon goes on, by the names that the configuration has for it: the store is what it
 * stands on, and an address that others were told is not given up without need.
 */
const FIXED: readonly (readonly [name: string, of: (config: Config) => unknown])[] = [
  ['store', config => config.store],
  ['server.listen', config => config.server.listen],
  ['server.monitor', config => config.server.monitor],
  ['server.tls', config => config.server.tls !== undefined],
];

/** The next configuration with what cannot change as it was, and the names of what that is. */
function movable(old: Config, next: Config): { config: Config; restarts: string[] } {
  const restarts = FIXED.filter(([, of]) => !isDeepStrictEqual(of(old), of(next))).map(([name]) => name);
  const { listen, monitor } = old.server;
  const tls = (old.server.tls === undefined) === (next.server.tls === undefined) ? next.server.tls : old.server.tls;
  return { config: { ...next, store: old.store, server: { ...next.server, listen, monitor, tls } }, restarts };
}

interface Schedules extends Disposable {
  /** Goes by those of another configuration, unless it is over. */
  change(config: Config): void;
}

function openSchedules(config: Config, worker: RunWorker): Schedules {
  let current: Disposable | undefined = startSchedules(config, worker);
  return {
    change(next) {
      current?.[Symbol.dispose]();
      current = current && startSchedules(next, worker);
    },
    [Symbol.dispose]() {
      current?.[Symbol.dispose]();
      current = undefined;
    },
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
