import { pieces, spelled, visible } from './visible.ts';

/** HTML that may go into a page as it is. Only {@link html} and {@link raw} make it. */
class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type { Html };

/** What a template may be filled with; `undefined` and `false` are nothing. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/**
 * A template that escapes whatever is put into it but for {@link Html}. Hidden characters in texts are spelled out and, where
 * a text stands between tags, marked. Values of attributes stand in double quotes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let isTag = false;
  const parts = strings.map((fixed, at) => {
    isTag = endsInTag(fixed, isTag);
    return at < values.length ? fixed + filling(values[at], isTag) : fixed;
  });
  return new Html(parts.join(''));
}

/** HTML as it is, for what this house made and has escaped itself; never for what came from a store. */
export const raw = (text: string): Html => new Html(text);

/** Whether the place after a fixed part of a template is within a tag, where an attribute's value is. */
function endsInTag(fixed: string, before: boolean): boolean {
  const open = fixed.lastIndexOf('<');
  const close = fixed.lastIndexOf('>');
  return open === close ? before : open > close;
}

function filling(content: Content, isTag: boolean): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return isTag ? escaped(visible(content)) : marked(content);
  return content.map(one => filling(one, isTag)).join('');
}

const marked = (text: string): string =>
  pieces(text)
    .map(({ text, hidden }) => (hidden ? `<span class="unseen">${spelled(text)}</span>` : escaped(text)))
    .join('');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, character => ENTITIES[character] ?? character);

/** A text for where no tags may be, as in a `title` element: hidden characters are spelled out, and not marked. */
export const plain = (text: string): Html => new Html(escaped(visible(text)));

/** Characters of a text that are shown at once: names are shorter, and a text that is not must not fill the page. */
const SHOWN = 160;

/** A text that came from a store, on its own, so that its direction is its own matter; the rest of a long one can be opened. */
export function foreign(text: string): Html {
  if (text.length <= SHOWN) return html`<bdi>${text}</bdi>`;
  return html`<details class="long"><summary><bdi>${startOf(text)}…</bdi></summary><bdi>${text}</bdi></details>`;
}

/** The same where nothing can be opened, for names that are never long: what is beyond the start of one that is, is left out. */
export const brief = (text: string): Html => html`<bdi>${text.length <= SHOWN ? text : `${startOf(text)}…`}</bdi>`;

/** The start of a text, never with half of a surrogate pair at its end. */
export const startOf = (text: string): string => text.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '');

/** Data for a script of the page, which cannot end the element that it stands in. */
export function embedded(id: string, value: unknown): Html {
  const json = JSON.stringify(value).replace(/[<\u2028\u2029]/g, unit => `\\u${hex(unit)}`);
  return html`<script type="application/json" id="${id}">${raw(json)}</script>`;
}

const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0');
