import type { ReportData } from './data.ts';
import { type Html, html } from './html.ts';
import { type Counted, countedForm, fill, type PageWords, REPORT_WORDS } from './words.ts';

/** Whom a page is made for: in which language, and how times and numbers are written in it. */
export interface Reader {
  readonly words: PageWords;
  /** A time as an element that machines can read, too. */
  when(time: string): Html;
  /** The same as a text, for titles and labels. */
  moment(time: string): string;
  /** By other parts of a time, in the report's zone: for an axis. */
  dated(options: Intl.DateTimeFormatOptions): (time: Date) => string;
  /** What the clocks of the report's zone show at a time, in numbers. */
  clock(options: Intl.DateTimeFormatOptions): (time: Date) => Readonly<Record<string, number>>;
  number(count: number): string;
  /** `1 person`, `1,204 people`. */
  counted(text: Counted, count: number): string;
}

/** English dates are written as they are in Britain, the day first, for no other order is known everywhere. */
const LOCALES: Readonly<Record<ReportData['language'], string>> = { en: 'en-GB', 'zh-TW': 'zh-TW', ja: 'ja-JP' };

/** Who reads a report. */
export function readerOf({ language, zone }: Pick<ReportData, 'language' | 'zone'>): Reader {
  const locale = LOCALES[language];
  const dated = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    return (time: Date) => format.format(time);
  };
  const minutes = dated({ dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
  const numbers = new Intl.NumberFormat(locale);
  const moment = (time: string) => minutes(new Date(time));
  const number = (count: number) => numbers.format(count);
  return {
    words: REPORT_WORDS[language].page,
    dated,
    clock: options => clock({ ...options, timeZone: zone }),
    moment,
    number,
    when: time => html`<time datetime="${time}">${moment(time)}</time>`,
    counted: (text, count) => fill(countedForm(text, count), { count: number(count) }),
  };
}

function clock(options: Intl.DateTimeFormatOptions): (time: Date) => Record<string, number> {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', { ...options, hourCycle: 'h23' });
  return time =>
    Object.fromEntries(format.formatToParts(time).map(({ type, value }): [string, number] => [type, Number(value)]));
}
