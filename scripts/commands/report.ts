import type { ReportData } from '../../src/report/data.ts';
import type { ReportPair } from '../../src/report/pair.ts';
import { isHeld } from '../../src/views/held.ts';
import { UsageError } from '../exit.ts';
import { type Opened, openForReading, type ReadingOptions } from '../opened.ts';
import { REF_HELP, resolveReference } from '../reference.ts';
import { placeFor, writeReport } from '../report-file.ts';
import { reportLine } from '../text/report.ts';
import { print, printJson, verb } from '../verb.ts';

interface ReportOptions extends ReadingOptions {
  readonly out?: string;
  readonly force?: true;
}

export const command = verb('report', {
  more: `One HTML file that needs nothing else: snapshots over time, what two of them differ in, the organisation chart, people's histories, problems, sources, and what is held. It opens from disk and from a mail.

A and B: ${REF_HELP}. Without them, the newest snapshot against the one before, or what is held against the newest; with A alone, A against the newest.

It goes to FILE, which only its owner can read, or to the standard output where that is no terminal. A report that is there already is replaced, any other file only with --force. It has people's data: --mask hides what is not to be passed on.`,
  exits: { finding: 'there is no such snapshot', failed: 'it cannot be written, or the store cannot be reached' },
  examples: [
    ['rosterd report --out report.html', 'how things stand, and what changed last'],
    ['rosterd report @2026-11-20 head --mask >report.html', 'what changed since the end of that day, to pass on'],
    ['rosterd report held --out hold.html', 'what would change if the hold were approved'],
    ["rosterd report --json | jq '.diffs[0].counts'", 'what the page shows, for scripts'],
  ],
})
  .argument('[A]', 'the snapshot to start from')
  .argument('[B]', 'the snapshot to end with')
  .option('--out <FILE>', 'where it goes')
  .option('--force', 'let it take the place of a file that is no report')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (a: string | undefined, b: string | undefined, options: ReportOptions) => {
    const write = writerOf(options);
    await using opened = await openForReading(options);
    const data = await collected(opened, await pairOf(a, b, opened), options);
    if (!write) return printJson(data);
    const { pageOf } = await import('../../src/report/page.ts');
    const { html } = await pageOf(data);
    write(html, data);
  });

type Write = (html: string, data: ReportData) => void;

/** Where the page is to go, found out before it is made; undefined where no page is wanted. */
function writerOf({ out, force, json }: ReportOptions): Write | undefined {
  if (json && out !== undefined) throw new UsageError('--json goes to the standard output; it takes no --out');
  if (force && out === undefined) throw new UsageError('--force says that --out may replace a file; name one');
  if (json) return undefined;
  if (out !== undefined) {
    const file = placeFor({ file: out, force: force === true });
    return (html, data) => {
      writeReport(file, html);
      print([reportLine({ file, bytes: Buffer.byteLength(html) }, data)]);
    };
  }
  if (process.stdout.isTTY) {
    throw new UsageError('a page is nothing for a terminal; write --out report.html, or send it on with > or |');
  }
  return html => process.stdout.write(html);
}

async function collected(
  { config, store, place }: Opened,
  pair: ReportPair | undefined,
  { mask = false }: { mask?: boolean },
) {
  const { collect } = await import('../../src/report/collect.ts');
  const { sources, sync, timezone, language } = config;
  return await collect({ store, sources, sync, timezone, language, now: place.now, masked: mask, live: false }, pair);
}

/** Undefined in a store that has nothing to show. */
async function pairOf(
  a: string | undefined,
  b: string | undefined,
  { store, place }: Opened,
): Promise<ReportPair | undefined> {
  const { usualPair } = await import('../../src/report/pair.ts');
  // A hold is what may come, so it is compared from the newest on.
  if (a === undefined || (a === 'held' && b === undefined)) {
    if (a === 'held') await resolveReference(a, place);
    return await usualPair(store);
  }
  const [before, after] = [await resolveReference(a, place), await resolveReference(b ?? 'head', place)];
  if (isHeld(before))
    throw new UsageError(`what is held comes after what is published; write: rosterd report ${b} held`);
  return { before, after };
}
