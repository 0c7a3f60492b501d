import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { readConfiguration } from '../../src/configuration.ts';
import { openLine } from '../../src/line.ts';
import { run } from '../../src/runs/run.ts';
import { inTurn, type Pulled } from '../../src/runs/turn.ts';
import { StoreError } from '../../src/store/error.ts';
import { openStore } from '../../src/store/open.ts';
import type { Pin, Store } from '../../src/store/store.ts';
import { sayWaiting, stopOnSignals } from '../stop.ts';
import { type Look, lookOf } from '../text/look.ts';
import { exitCodeOf, pinText, runObjects, runText, verdictText } from '../text/verdict.ts';
import { type CommonOptions, exitWith, print, printJson, verb } from '../verb.ts';

interface PullOptions extends CommonOptions {
  readonly dryRun?: true;
  readonly mask?: true;
}

export const command = verb('pull', {
  more: "While another run is under way, the daemon's for example, its outcome is waited for and counts as this one's.",
  exits: {
    fine: 'published, or nothing has changed',
    held: 'held: nothing was published',
    failed: 'failed: nothing was published',
  },
  examples: [
    ['rosterd pull --dry-run', 'what a run would do, and what a guard would say'],
    ['rosterd pull', 'one run now'],
  ],
})
  .option('--dry-run', 'say the same and write nothing')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (options: PullOptions) => {
    const { config } = await readConfiguration(options.config, process.env);
    const signal = stopOnSignals('nothing was published');
    const [pulled, pin] = options.dryRun ? await dryRun(config, signal) : await pull(config, signal);
    const look = lookOf({ zone: config.timezone, mask: options.mask });
    if (options.json) for (const object of objectsOf(pulled)) printJson(object, look);
    else print([...textOf(pulled, look), ...pinText(pin)]);
    exitWith(exitCodeOf(pulled.outcome));
  });

/** What came of a run, and the rollback under which it is not served. */
type Made = [pulled: Pulled, pin: Pin | undefined];

async function pull(config: Config, signal: AbortSignal): Promise<Made> {
  await using store = await openStore(config.store, { migrate: true });
  const pulled = await inTurn(await openLine(config, store), {
    cause: 'pull',
    dryRun: false,
    signal,
    waits: sayWaiting,
  });
  return [pulled, await store.pins.current()];
}

async function dryRun(config: Config, signal: AbortSignal): Promise<Made> {
  await using store = await storeForDryRun(config);
  return [
    await run(await openLine(config, store), { cause: 'pull', dryRun: true, signal }),
    await store.pins.current(),
  ];
}

/** The store as it is; where there is none yet, an empty one that is gone afterwards: a dry run leaves nothing behind. */
async function storeForDryRun(config: Config): Promise<Store> {
  try {
    return await openStore(config.store, { migrate: false });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'absent') throw error;
  }
  const folder = await mkdtemp(join(tmpdir(), 'rosterd-dry-run-'));
  const store = await openStore({ url: `sqlite:${join(folder, 'roster.db')}` }, { migrate: true });
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function textOf(pulled: Pulled, look: Look): string[] {
  if (!('joined' in pulled)) return runText(pulled, look);
  return [
    `run ${pulled.joined} was under way already; this is how it ended:`,
    ...verdictText(pulled.outcome, { dryRun: false, look }),
  ];
}

function objectsOf(pulled: Pulled): Iterable<object> {
  if (!('joined' in pulled)) return runObjects(pulled);
  const { joined, outcome } = pulled;
  return [{ event: `run.${outcome.status}`, run: joined, joined: true, dry_run: false, ...outcome }];
}
