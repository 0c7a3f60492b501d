import { type Filter, FilterParser } from 'ldapts';
import type { LdapEntry } from './entry.ts';
import { type Answer, NO_PAGING, type Request } from './exchange.ts';
import { type Reading, refersTo, troubleAtSearch } from './reading.ts';

/** All entries of one kind. */
export interface Search {
  /** What it is for, in the words of the configuration. */
  readonly what: 'people' | 'departments';
  readonly base: string;
  readonly scope: 'one' | 'sub';
  readonly filter: Filter;
  /** The names that the mapping needs, and the attributes from which those are read. */
  readonly names: readonly string[];
  readonly attributes: readonly string[];
  /** How many entries to ask for at a time. */
  readonly size: number;
}

/** A filter as in RFC 4515; throws for a text that is none. */
export function filterOf(text: string): Filter {
  try {
    return FilterParser.parseString(text);
  } catch (error) {
    throw new Error(`filter "${text}" cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** An empty page is not the last one as long as it names a next; Active Directory gives such where a search is long. */
const MOST_EMPTY = 1000;

/**
 * Everything that was searched for, page by page (RFC 2696), or an error; never a part. Attributes that the server gives
 * in ranges are whole.
 */
export async function* pagesOf(reading: Reading, search: Search): AsyncGenerator<readonly LdapEntry[]> {
  const { what, base, scope, filter, attributes, size } = search;
  const where = `${reading.url}, ${what} below "${base}"`;
  const ask = (request: Request) => answerTo(reading, where, request);
  let cookie: Buffer | undefined;
  let empty = 0;
  do {
    const answer = await ask({ base, scope, filter, attributes, page: { size, cookie } });
    if (answer.cookie === undefined) throw new Error(`${where}: ${NO_PAGING}`);
    empty = answer.entries.length === 0 ? empty + 1 : 0;
    if (empty > MOST_EMPTY) throw new Error(`${where}: gives one empty page after the other`);
    for (const entry of answer.entries) await complete(entry, where, ask);
    if (answer.entries.length > 0) yield answer.entries;
    cookie = answer.cookie;
  } while (cookie.length > 0);
}

async function answerTo(reading: Reading, where: string, request: Request): Promise<Answer> {
  try {
    const answer = await reading.ask(request);
    const elsewhere = answer.references.filter(url => !peopleless.test(url));
    if (elsewhere.length > 0) throw new Error(refersTo(elsewhere));
    return answer;
  } catch (error) {
    throw new Error(`${where}: ${troubleAtSearch(error, request.base)}`, { cause: error });
  }
}

/** What Active Directory's domain root refers to in every answer: its DNS zones and its configuration, where nobody is. */
const peopleless = /^ldaps?:\/\/[^/]*\/(?:DC=(?:Domain|Forest)DnsZones|CN=Configuration),DC=/i;

/** How Active Directory names an attribute of which it gives no more than a part: `member;range=0-1499`. */
const ranged = /^(.+);range=(\d+)-(\d+|\*)$/;

const EVERYTHING = filterOf('(objectClass=*)');

/** Asks for the rest of attributes that came in ranges, until the server says that one is the last. */
async function complete(
  { dn, values }: LdapEntry,
  where: string,
  ask: (request: Request) => Promise<Answer>,
): Promise<void> {
  for (const name of [...values.keys()]) {
    const [, attribute] = ranged.exec(name) ?? [];
    if (attribute === undefined) continue;
    let part = rangeIn(values, attribute, 0);
    const all = [...(part?.values ?? [])];
    while (part && part.next !== undefined) {
      const attributes = [`${attribute};range=${part.next}-*`];
      const { entries } = await ask({ base: dn, scope: 'base', filter: EVERYTHING, attributes });
      part = rangeIn(entries[0]?.values ?? new Map(), attribute, part.next);
      all.push(...(part?.values ?? []));
    }
    if (part === undefined) throw new Error(`${where}: ${torn(attribute, dn, all.length)}`);
    values.delete(name);
    values.set(attribute, all);
  }
}

const torn = (attribute: string, dn: string, count: number) =>
  `gave ${count} values of "${attribute}" of ${dn} and then not the rest; perhaps it was changed meanwhile`;

interface Range {
  readonly values: readonly Uint8Array[];
  /** Where the next one begins; undefined after the last. */
  readonly next: number | undefined;
}

/** The range of an attribute that begins with the value of this number; undefined when there is none. */
function rangeIn(values: LdapEntry['values'], attribute: string, first: number): Range | undefined {
  for (const [name, some] of values) {
    const [, of, from, to] = ranged.exec(name) ?? [];
    if (of !== attribute || Number(from) !== first || Number(to) < first) continue;
    return { values: some, next: to === '*' ? undefined : Number(to) + 1 };
  }
  return undefined;
}
