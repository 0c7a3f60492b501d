import { foldText } from './fold.ts';

/** Names that are suggested at once. */
const SUGGESTIONS = 30;

/** The first that have what was typed, those that begin with it before the others. */
export function suggestions(names: Iterable<string>, typed: string): string[] {
  const text = foldText(typed.trim());
  const found = [...names].filter(name => foldText(name).includes(text)).sort();
  const { begins = [], has = [] } = Object.groupBy(found, name => (foldText(name).startsWith(text) ? 'begins' : 'has'));
  return [...begins, ...has].slice(0, SUGGESTIONS);
}

/** As a shell takes it. */
export const shellQuoted = (text: string): string =>
  /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
