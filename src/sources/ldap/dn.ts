import { fold } from '../../roster/fold.ts';

/** Between parts: a comma (a semicolon in LDAPv2), or a plus sign within one RDN; neither escaped nor quoted. */
const separator = /\\.|"(?:\\.|[^"\\])*"|([,;+])/gs;

const type = /^(?:[a-z][a-z0-9-]*|(?:oid\.)?\d+(?:\.\d+)+)$/i;

/**
 * A DN in the form in which two are compared for being the same (RFC 4514, and what older servers write): without regard
 * to letter case, to blanks around and doubled within values, to how a character is escaped, or to the order in an RDN of
 * several values. Undefined for a text that is no DN. Whether an attribute tells letter cases apart only the server's
 * schema knows; none that entries are named by does in practice.
 */
export function normalDn(text: string): string | undefined {
  const rdns: string[] = [];
  for (const rdn of rdnsOf(text)) {
    const parts = rdn.parts.map(normalPart);
    if (parts.includes(undefined)) return undefined;
    rdns.push(JSON.stringify(parts.sort()));
  }
  return rdns.join();
}

/** The DN of the entry above, spelled as in `dn`; empty for one at the top. */
export function parentDn(dn: string): string {
  const [first] = rdnsOf(dn);
  return first === undefined ? '' : dn.slice(first.end + 1).trimStart();
}

interface Rdn {
  readonly parts: readonly string[];
  /** Where the comma behind it stands. */
  readonly end: number;
}

function* rdnsOf(text: string): Generator<Rdn> {
  let parts: string[] = [];
  let start = 0;
  for (const match of text.matchAll(separator)) {
    const [, mark] = match;
    if (mark === undefined) continue;
    parts.push(text.slice(start, match.index));
    start = match.index + 1;
    if (mark === '+') continue;
    yield { parts, end: match.index };
    parts = [];
  }
  yield { parts: [...parts, text.slice(start)], end: text.length };
}

/** One `type=value` of an RDN; undefined for a text that is none. */
function normalPart(text: string): string | undefined {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim();
  if (equals < 0 || !type.test(name)) return undefined;
  return `${name.toLowerCase().replace(/^oid\./, '')}=${comparable(text.slice(equals + 1))}`;
}

const comparable = (value: string) => fold(unescaped(value)).replace(/ +/g, ' ');

const escapes = /((?:\\[0-9a-f]{2})+)|\\(.)/gis;

/** The characters of a value: `\2c` and `\,` are both a comma, and quotes around it are no part of it. */
function unescaped(value: string): string {
  const trimmed = value.trimStart().replace(/(?<!\\) +$/, '');
  const bare = /^"(.*)"$/s.exec(trimmed)?.[1] ?? trimmed;
  if (!bare.includes('\\')) return bare;
  return bare.replace(escapes, (_, hex?: string, character?: string) =>
    hex === undefined ? (character ?? '') : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString(),
  );
}
