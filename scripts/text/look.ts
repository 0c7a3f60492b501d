import { styleText } from 'node:util';
import { maskEmails, maskField, maskText } from '../../src/views/mask.ts';
import { visible } from './visible.ts';

/** How a text is to look: what the reader's terminal, time zone and wish for discretion come to. */
export interface Look {
  /** An IANA time zone; times are printed in it. */
  readonly zone: string;
  readonly colour: boolean;
  /** True hides emails and telephone numbers, for sharing. */
  readonly mask: boolean;
  /** Columns before a list of names goes on in the next line. */
  readonly width: number;
}

type Style = Parameters<typeof styleText>[0];

/** Columns where there is no terminal to ask. */
const WIDTH = 120;

/** The look of what goes to this process's standard output. */
export function lookOf({ zone, mask = false }: { zone: string; mask?: boolean | undefined }): Look {
  const { stdout } = process;
  // hasColors() knows NO_COLOR and TERM=dumb, but FORCE_COLOR as well, and a pipe gets no colours.
  const colour = stdout.isTTY === true && stdout.hasColors() && !process.env['NO_COLOR'];
  return { zone, mask, colour, width: stdout.columns ?? WIDTH };
}

/** A text in a style, where there are colours. */
export const styled = (style: Style, text: string, look: Look) =>
  look.colour ? styleText(style, text, { validateStream: false }) : text;

/** A name: a username, a code, a key. */
export const shownName = (name: string, { mask }: Look) => visible(mask ? maskEmails(name) : name);

/** A sentence that may quote values. */
export const shownText = (text: string, { mask }: Look) => visible(mask ? maskText(text) : text);

/** The value of a field; quoted where blanks would not be seen. */
export function shownValue(field: string, value: string, { mask }: Look): string {
  if (value === '') return '(empty)';
  const text = visible(mask ? maskField(field, value) : value);
  return /^\s|\s$|\s\s/.test(text) ? `"${text}"` : text;
}
