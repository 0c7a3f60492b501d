import type { Language } from '../config/schema.ts';
import { type Content, type Html, html, plain } from './html.ts';
import { clientEn } from './words/client-en.ts';
import { clientJa } from './words/client-ja.ts';
import { clientZhTW } from './words/client-zh-TW.ts';
import type { Counted } from './words/counted.ts';
import { en } from './words/en.ts';
import { ja } from './words/ja.ts';
import { zhTW } from './words/zh-TW.ts';

export type { Counted };

/** What a page says by itself. */
export type PageWords = (typeof en)['page'];

/** What the script of a page says; embedded as JSON. */
export type ClientWords = typeof clientEn;

/** Everything that a report says in one language. */
export interface ReportWords {
  readonly page: PageWords;
  readonly client: ClientWords;
}

export const REPORT_WORDS: Readonly<Record<Language, ReportWords>> = {
  en: { ...en, client: clientEn },
  'zh-TW': { ...zhTW, client: clientZhTW },
  ja: { ...ja, client: clientJa },
};

/** A text with its places filled: `{at}` with what is called `at`. */
export const fill = (text: string, places: Readonly<Record<string, string | number>>): string =>
  text.replace(PLACE, (place, name: string) => String(places[name] ?? place));

const PLACE = /\{(\w+)\}/g;

/** The same for HTML: names and times in a sentence are elements of their own. */
export function filled(text: string, places: Readonly<Record<string, Content>>): Html {
  const parts = text.split(PLACE);
  return html`${parts.map((part, at) => (at % 2 === 0 ? plain(part) : (places[part] ?? `{${part}}`)))}`;
}

/** The form of a text that goes with a number. */
export const countedForm = (text: Counted, count: number): string => (count === 1 ? text.one : text.other);
