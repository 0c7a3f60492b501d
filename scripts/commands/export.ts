import { Option } from 'commander';
import { UsageError } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { PUBLISHED_HELP, resolvePublished } from '../reference.ts';
import { verb } from '../verb.ts';

interface ExportOptions extends ReadingOptions {
  readonly format: 'json' | 'csv';
}

export const command = verb('export', {
  more: `REF: ${PUBLISHED_HELP}.\n\njson: the very bytes that OMFLOW gets as the answer to /sync, to the standard output. csv: the people with all their fields, for a spreadsheet; a cell that it could take for a formula begins with an apostrophe.`,
  exits: { finding: 'there is no such snapshot', failed: 'the snapshot is damaged, or the store cannot be reached' },
  examples: [
    ['rosterd export head >roster.json', 'what OMFLOW gets now'],
    ['rosterd export @2026-11-20 --format csv >people.csv', 'the people at the end of that day, for Excel'],
  ],
})
  .argument('<REF>', 'the snapshot')
  .addOption(new Option('--format <FORMAT>', 'json or csv').choices(['json', 'csv']).default('json', 'json'))
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (ref: string, options: ExportOptions) => {
    const { format, json, mask = false } = options;
    if (format === 'csv' && json) throw new UsageError('--json and --format csv exclude each other');
    await using opened = await openForReading(options);
    const { store, place } = opened;
    const { exportedCsv, exportedJson } = await import('../export.ts');
    const exported = format === 'csv' ? exportedCsv : exportedJson;
    process.stdout.write(await exported(store, await resolvePublished(ref, place), { mask }));
  });
