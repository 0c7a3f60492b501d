/**
 * What a terminal would act on, or show nothing for: control characters, bidi overrides, halves of surrogate pairs,
 * invisible letters. Joiners and variation selectors stay, for scripts and emoji are written with them.
 */
const HIDDEN =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\u200c\u200d\p{Variation_Selector}]]/gv;

const codePoint = (character: string) =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;

/** A text that can be sent to a terminal: whatever is hidden in it is spelled out, as `<U+202E>`. */
export const visible = (text: string) => text.replace(HIDDEN, codePoint);

/** A text with everything spelled out that is not plain ASCII: for two that look alike and are not the same. */
export const spelled = (text: string) => text.replace(/[^\x20-\x7e]/gu, codePoint);

/** Whether two texts that differ would look the same. */
export const looksAlike = (a: string, b: string) => bare(a) === bare(b);

const bare = (text: string) => text.normalize('NFC').replace(/\p{Default_Ignorable_Code_Point}/gv, '');

/** One line of JSON, with the line end; hidden characters are escaped, so that it is safe on a terminal, too. */
export const jsonLine = (value: object, replacer?: (key: string, value: unknown) => unknown) =>
  `${JSON.stringify(value, replacer).replace(HIDDEN, escaped)}\n`;

const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
