import { readConfiguration } from '../../src/configuration.ts';
import { openLine } from '../../src/line.ts';
import { approve } from '../../src/runs/approve.ts';
import { openStore } from '../../src/store/open.ts';
import { Failed, NotFound } from '../exit.ts';
import { holdNumberOf } from '../hold.ts';
import { sayWaiting, stopOnSignals } from '../stop.ts';
import { approvedObject, approvedText } from '../text/approval.ts';
import { lookOf } from '../text/look.ts';
import { exitCodeOf, pinText, runObjects, runText } from '../text/verdict.ts';
import { type CommonOptions, exitWith, print, printJson, verb } from '../verb.ts';

interface ApproveOptions extends CommonOptions {
  readonly reason: string;
  readonly mask?: true;
}

export const command = verb('approve', {
  more: 'Publishes what "rosterd review HOLD" shows, and nothing else; then makes a run, which is judged by itself. A run under way is waited for. The daemon need not run, and need not be told.',
  exits: {
    fine: 'approved, and the run after it published or changed nothing',
    finding: 'there is no such hold',
    held: 'approved, and the run after it is held',
    failed: 'not approved, for the text says why; or approved, and the run after it failed',
  },
  examples: [
    ['rosterd approve 3', 'publishes the candidate of hold 3'],
    ['rosterd approve 3 --reason "Osaka was sold"', 'the same, with the reason for whoever looks next'],
  ],
})
  .argument('<HOLD>', 'the number of the hold that stands')
  .option('--reason <TEXT>', 'kept with the hold', '')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (number: string, options: ApproveOptions) => {
    const hold = holdNumberOf(number);
    const { config } = await readConfiguration(options.config, process.env);
    const signal = stopOnSignals('the hold is as it was, or approved: "rosterd status" tells');
    await using store = await openStore(config.store, { migrate: false });
    const look = lookOf({ zone: config.timezone, mask: options.mask });
    const approval = await approve(await openLine(config, store), {
      hold,
      reason: options.reason,
      signal,
      waits: sayWaiting,
      approved: published =>
        options.json ? printJson(approvedObject(hold, published), look) : print(approvedText(hold, published, look)),
    });
    if (approval.status === 'unknown') throw new NotFound(approval.why);
    if (approval.status === 'refused') throw new Failed(approval.why);
    if (options.json) for (const object of runObjects(approval.next)) printJson(object, look);
    else print(['', `the run after it, run ${approval.next.run}:`, ...runText(approval.next, look)]);
    if (!options.json) print(pinText(await store.pins.current()));
    exitWith(exitCodeOf(approval.next.outcome));
  });
