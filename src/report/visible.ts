/**
 * What a browser would act on, or show nothing for: control characters, bidi overrides, halves of surrogate pairs,
 * invisible letters. Joiners and variation selectors stay, for scripts and emoji are written with them; tabs and line ends
 * do no harm in a page.
 */
const HIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\t\n\u200c\u200d\p{Variation_Selector}]]/gv;

/** What stands for a hidden character: `⟨U+202E⟩`. */
export const spelled = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** A piece of a text: as it is, or one hidden character. */
export interface Piece {
  readonly text: string;
  readonly hidden: boolean;
}

/** A text in pieces, so that hidden characters can be marked; all pieces together are the text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const { 0: character, index } of text.matchAll(HIDDEN)) {
    if (index > end) found.push({ text: text.slice(end, index), hidden: false });
    found.push({ text: character, hidden: true });
    end = index + character.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), hidden: false });
  return found;
}

/** A text in which whatever is hidden is spelled out, for where nothing can be marked: titles and labels. */
export const visible = (text: string): string => text.replace(HIDDEN, spelled);
