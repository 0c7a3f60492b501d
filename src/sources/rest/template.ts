import { type Json, textOf } from './json.ts';

/** A template that cannot be understood; the message says which part of it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** A name in a template that has no value now, though it may have had one. */
export class MissingValue extends Error {
  override readonly name = 'MissingValue';
}

/** Gives the value of a name such as `KEY` or `responses.0.token`; undefined where there is none. */
export type Lookup = (name: string) => Json | undefined;

/** How a value is written where it lands; `raw` says that the template encoded it already. */
export type Encode = (text: string, place: { readonly before: string; readonly raw: boolean }) => string;

/** Text with `{{ NAME }}` in it, taken apart once. */
export interface Template {
  /** The names in it; those with a default need no value. */
  readonly names: readonly { readonly name: string; readonly optional: boolean }[];
  /** Fills the names in, in one pass. Throws a MissingValue. */
  render(lookup: Lookup, encode?: Encode): string;
}

interface Placeholder {
  readonly name: string;
  readonly optional: boolean;
  readonly raw: boolean;
  readonly steps: readonly Step[];
}

/** What a filter makes of a value, or of there being none. */
type Step = (text: string | undefined) => string | undefined;

/** Django's, which ChiefOnboarding's manifests are rendered with: it leaves slashes as they are. */
const urlencode = (text: string) => encodeURIComponent(text).replaceAll('%2F', '/');

const FILTERS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['urlencode', urlencode],
  ['lower', (text: string) => text.toLowerCase()],
  ['upper', (text: string) => text.toUpperCase()],
]);

/** Takes a template apart. Throws a TemplateError for anything but names and the filters that there are. */
export function parseTemplate(text: string): Template {
  const tag = /\{%|\{#/.exec(text);
  if (tag) throw new TemplateError(`"${tag[0]}" is not available; there are {{ NAME }} and its filters`);
  const pieces = piecesOf(text);
  const holes = pieces.map((piece, place) => (place % 2 === 1 ? parsePlaceholder(piece) : undefined));
  const open = unpaired(pieces.filter((_, place) => place % 2 === 0));
  if (open !== undefined) throw new TemplateError(`"${open.trim()}" has {{ without }}, or the other way round`);
  return {
    names: holes.flatMap(hole => (hole ? [{ name: hole.name, optional: hole.optional }] : [])),
    render: (lookup, encode = value => value) =>
      pieces.reduce((before, piece, place) => {
        const hole = holes[place];
        return before + (hole ? encode(filled(hole, lookup), { before, raw: hole.raw }) : piece);
      }, ''),
  };
}

/** Text and what stands in {{ }}, by turns; an expression would look for the end again and again where there is none. */
function piecesOf(text: string): string[] {
  const [head = '', ...others] = text.split('{{');
  const pieces = [head];
  for (const other of others) {
    const end = other.indexOf('}}');
    if (end < 0) pieces.push(`${pieces.pop()}{{${other}`);
    else pieces.push(other.slice(0, end), other.slice(end + 2));
  }
  return pieces;
}

/** The piece of text between the names that has braces of a name too many. JSON's own may well end in `}}`. */
function unpaired(pieces: readonly string[]): string | undefined {
  let depth = 0;
  return pieces.find(piece => {
    for (const [brace] of piece.matchAll(/\{\{|\}\}|[{}]/g)) {
      depth += brace.startsWith('{') ? brace.length : -brace.length;
      if (brace === '{{' || (brace === '}}' && depth < 0)) return true;
    }
    return false;
  });
}

const inner = /^\s*([A-Za-z_]\w*(?:\.[^\s|"'{}]+)?)\s*((?:\|\s*\w+(?::(?:"[^"]*"|'[^']*'))?\s*)*)$/;

function parsePlaceholder(piece: string): Placeholder {
  const [, name, filters = ''] = inner.exec(piece) ?? [];
  if (name === undefined) {
    throw new TemplateError(`"{{${piece}}}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}`);
  }
  const steps: Step[] = [];
  const used = new Set<string>();
  for (const [, filter = '', argument] of filters.matchAll(/\|\s*(\w+)(?::("[^"]*"|'[^']*'))?/g)) {
    used.add(filter);
    steps.push(parseFilter(filter, argument));
  }
  return { name, optional: used.has('default'), raw: used.has('urlencode'), steps };
}

function parseFilter(filter: string, argument: string | undefined): Step {
  const work = FILTERS.get(filter);
  if (filter === 'default' && argument !== undefined) return text => text || argument.slice(1, -1);
  if (work && argument === undefined) return text => (text === undefined ? undefined : work(text));
  throw new TemplateError(`filter "${filter}" is not available; there are default:"x", urlencode, lower and upper`);
}

function filled({ name, steps }: Placeholder, lookup: Lookup): string {
  const found = lookup(name);
  const text = textOf(found) ?? (found === undefined || found === null ? undefined : JSON.stringify(found));
  const given = steps.reduce<string | undefined>((value, step) => step(value), text);
  if (given === undefined) throw new MissingValue(`{{ ${name} }} has no value`);
  return given;
}
