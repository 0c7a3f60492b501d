import { type Finding, ratioOf, type Target, type Unit, type Verdict, verdictOn } from './finding.ts';

const HEAD = ['work', 'size', 'ours', 'yardstick', 'ratio', 'target', ''];

const MARKS: Readonly<Record<Verdict, string>> = { met: '✔', missed: '✘', none: '' };

/** The findings as a table in Markdown. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...findings.map(cellsOf)];
  return rows.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

function cellsOf(finding: Finding): string[] {
  const { work, size, unit, ours, yardstick, target } = finding;
  const ratio = ratioOf(finding);
  return [
    work,
    size,
    amount(ours, unit),
    yardstick === undefined ? '–' : amount(yardstick, unit),
    ratio === undefined || Number.isNaN(ratio) ? '–' : `${inDigits(ratio)} ×`,
    target ? targetText(target, ratio === undefined ? unit : '×') : '–',
    MARKS[verdictOn(finding)],
  ];
}

function targetText(target: Target, unit: Unit | '×'): string {
  const [sign, limit] = 'atMost' in target ? ['≤', target.atMost] : ['≥', target.atLeast];
  return `${sign} ${unit === '×' ? `${limit} ×` : amount(limit, unit)}`;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** A number with its unit, in three digits. */
export function amount(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return 'none';
  if (unit === 'ms') return value >= 1000 ? `${inDigits(value / 1000)} s` : `${inDigits(value)} ms`;
  if (unit !== 'bytes') return `${inDigits(value)} ${unit}`.trim();
  if (value >= MIB) return `${inDigits(value / MIB)} MiB`;
  return value >= KIB ? `${inDigits(value / KIB)} KiB` : `${inDigits(value)} bytes`;
}

const inDigits = (value: number): string => (value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
