import type { Language } from '../../config/schema.ts';
import type { ClientWords, Counted } from '../words.ts';

/** A part of a text: what is fixed, or a place to be filled. */
type WordPart = { readonly fixed: string } | { readonly place: string };

/** What stands between the places of a text, and the places. */
export function wordParts(text: string): WordPart[] {
  return text
    .split(/\{([a-z]+)\}/)
    .map((part, at) => (at % 2 === 0 ? { fixed: part } : { place: part }))
    .filter(part => !('fixed' in part) || part.fixed !== '');
}

/** A text with its places filled; numbers as readers of the language write them. A place without a value stays as it is. */
export function filledWords(text: string, places: Places, language: string): string {
  return wordParts(text)
    .map(part => ('fixed' in part ? part.fixed : placeText(part.place, places, language)))
    .join('');
}

function placeText(place: string, places: Places, language: string): string {
  const value = Object.hasOwn(places, place) ? places[place] : undefined;
  if (value === undefined) return `{${place}}`;
  return typeof value === 'number' ? value.toLocaleString(language) : value;
}

/** Values of places; snapshots and holds are given as texts, for they are names and not amounts. */
export type Places = Readonly<Record<string, string | number>>;

/** As in the page's fixed parts. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', 'zh-TW': 'zh-TW', ja: 'ja-JP' };

/** How the page speaks: its words, numbers and times in the reader's language and zone. */
export class Speech {
  readonly words: ClientWords;
  readonly #language: string;
  readonly #times: Intl.DateTimeFormat;

  constructor(words: ClientWords, language: Language, zone: string) {
    this.words = words;
    this.#language = LOCALES[language];
    this.#times = new Intl.DateTimeFormat(this.#language, {
      dateStyle: 'medium',
      timeStyle: 'short',
      hourCycle: 'h23',
      timeZone: zone,
    });
  }

  say(text: string, places: Places): string {
    return filledWords(text, places, this.#language);
  }

  /** A text with a number in it. */
  counted(text: Counted, count: number): string {
    return this.say(count === 1 ? text.one : text.other, { count });
  }

  /** The parts of a text, with something to be shown in each place that is given one. */
  parts<Shown>(text: string, shown: Readonly<Record<string, Shown>>): (string | Shown)[] {
    return wordParts(text).map(part => ('fixed' in part ? part.fixed : (shown[part.place] ?? '')));
  }

  count(count: number): string {
    return count.toLocaleString(this.#language);
  }

  time(at: string): string {
    return this.#times.format(new Date(at));
  }
}
