import type { Config } from '../../src/config/schema.ts';
import { readConfiguration } from '../../src/configuration.ts';
import { openLine } from '../../src/line.ts';
import type { Outcome, RunNumber } from '../../src/roster/model.ts';
import { takeTurn } from '../../src/runs/lock.ts';
import { type RunResult, run } from '../../src/runs/run.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type Look, lookOf } from '../text/look.ts';
import { exitCodeOf, runObjects, runText, verdictText } from '../text/verdict.ts';
import { type CommonOptions, exitWith, print, printJson, verb } from '../verb.ts';

interface PullOptions extends CommonOptions {
  readonly dryRun?: true;
  readonly mask?: true;
}

/** A run of ours, or the outcome of somebody else's that was under way. */
type Pulled = RunResult | { readonly joined: RunNumber; readonly outcome: Outcome };

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
    const { config } = readConfiguration(options.config, process.env);
    await using store = await openStore(config.store, { migrate: true });
    const stop = new AbortController();
    for (const name of ['SIGTERM', 'SIGINT'] as const)
      process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
    const pulled = options.dryRun ? await dryRun(config, store, stop.signal) : await pull(config, store, stop.signal);
    const look = lookOf({ zone: config.timezone, mask: options.mask });
    if (options.json) for (const object of objectsOf(pulled)) printJson(object, look);
    else print(textOf(pulled, look));
    exitWith(exitCodeOf(pulled.outcome));
  });

const dryRun = (config: Config, store: Store, signal: AbortSignal) =>
  run(openLine(config, store), { cause: 'pull', dryRun: true, signal });

async function pull(config: Config, store: Store, signal: AbortSignal): Promise<Pulled> {
  const turn = await takeTurn(store, signal);
  if ('theirs' in turn) return { joined: turn.theirs.run, outcome: turn.theirs.outcome };
  await using lock = turn.mine;
  return await run(openLine(config, store), {
    cause: 'pull',
    dryRun: false,
    signal: AbortSignal.any([signal, lock.lost]),
  });
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
