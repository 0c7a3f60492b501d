import { readConfiguration } from '../../src/configuration.ts';
import { PERSON_FIELDS, type PersonRecord } from '../../src/roster/model.ts';
import { checkUp, type Finding } from '../checkup.ts';
import { EXIT } from '../exit.ts';
import { fromHere } from '../print.ts';
import { table } from '../text/columns.ts';
import { type Look, lookOf, shownText, shownValue, styled } from '../text/look.ts';
import { type CommonOptions, exitWith, print, printJson, verb } from '../verb.ts';

interface CheckOptions extends CommonOptions {
  readonly configOnly?: true;
  readonly mask?: true;
}

export const command = verb('check', {
  more: 'Sources are read to their end, directories are asked for somebody who cannot exist, password hashes are looked at by their form alone, the store is only opened, and those whom notify names are connected to and told nothing.',
  exits: { fine: 'everything answers', failed: 'something does not answer, or not as the configuration expects' },
  examples: [
    ['rosterd check', 'after every change of the configuration'],
    ['rosterd check --config-only', 'only the file itself: nothing is connected'],
  ],
})
  .option('--config-only', 'look at the file alone')
  .option('--mask', 'hide emails and telephone numbers')
  .action(async (options: CheckOptions) => {
    const { config, warnings } = await readConfiguration(options.config, process.env);
    const findings = options.configOnly ? [] : await checkUp(config);
    const look = lookOf({ zone: config.timezone, mask: options.mask });
    const fine = findings.every(finding => finding.fine);
    if (options.json)
      printJson({ fine, config: options.config, warnings, findings: findings.map(withoutRecords) }, look);
    else print(checkText(fromHere(options.config), warnings, findings, look));
    if (!fine) exitWith(EXIT.failed);
  });

const withoutRecords = ({ first: _, ...finding }: Finding) => finding;

function checkText(file: string, warnings: readonly string[], findings: readonly Finding[], look: Look): string[] {
  return [
    `${styled('green', 'ok', look)}    ${file}`,
    ...warnings.map(text => warningLine(text, look)),
    ...findings.flatMap(finding => findingLines(finding, look)),
  ];
}

function findingLines({ part, fine, text, first = [], warnings = [] }: Finding, look: Look): string[] {
  const mark = fine ? `${styled('green', 'ok', look)}    ` : `${styled('red', 'wrong', look)} `;
  return [
    `${mark}${part}: ${shownText(text, look)}`,
    ...warnings.map(warning => warningLine(warning, look)),
    ...firstRows(first, look),
  ];
}

const warningLine = (text: string, look: Look) => `${styled('yellow', 'note', look)}  ${shownText(text, look)}`;

/** The first people as they were mapped, for the eye to judge: is the name where the name belongs? */
function firstRows(records: readonly PersonRecord[], look: Look): string[] {
  const fields = PERSON_FIELDS.filter(field => records.some(record => record.fields[field]));
  if (records.length === 0) return [];
  const rows = records.map(record => [
    ...fields.map(field => shownValue(field, record.fields[field] ?? '', look)),
    record.departments.join(' '),
    record.active ? '' : 'left',
  ]);
  return table([[...fields, 'departments', ''], ...rows], { indent: 6 });
}
