import type { ReportData } from '../../src/report/data.ts';
import { fromHere } from '../print.ts';
import { sizeText } from './backup.ts';
import { visible } from './visible.ts';

/** A report in its file. */
export interface WrittenReport {
  readonly file: string;
  readonly bytes: number;
}

/** One line: where it is, how large, and what it compares. */
export const reportLine = ({ file, bytes }: WrittenReport, data: ReportData): string =>
  `${visible(fromHere(file))}  ${sizeText(bytes)}  ${whatText(data)}`;

function whatText({ diffs: [chosen], hold, masked }: ReportData): string {
  if (!chosen) return 'nothing has been published yet';
  const after = chosen.after === 'held' ? `hold ${hold?.number}` : `snapshot ${chosen.after}`;
  const before = chosen.before === 0 ? 'nothing' : `snapshot ${chosen.before}`;
  return `${before} → ${after}${masked ? ', masked' : ''}`;
}
