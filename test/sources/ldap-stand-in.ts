import { createServer, type Socket } from 'node:net';
import { Ber, BerReader, BerWriter, PagedResultsControl, PresenceFilter, SearchRequest } from 'ldapts';
import { listening } from '../logins/listening.ts';

/** An entry of the stand-in: attributes by their names, each with its values. */
export interface StandInEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
}

/** In what it differs from a server that gives all it has. */
export interface Ways {
  /** Gives no more than so many values of an attribute at a time, as Active Directory does. */
  readonly range?: number;
  /** Answers so many empty pages, each with a next, before the first one. */
  readonly emptyPages?: number;
  /** Does as if it had never heard of paged results. */
  readonly ignoresPaging?: boolean;
  /** Ends every bind with this result. */
  readonly bindResult?: { readonly code: number; readonly text?: string };
  /** Ends every search with this result; `referral` are the URLs of code 10. */
  readonly result?: { readonly code: number; readonly text?: string; readonly referral?: readonly string[] };
  /** Refers to more entries elsewhere, behind those it has. */
  readonly references?: readonly string[];
  /** Takes these away when somebody asks for the second range of them. */
  readonly forgets?: string;
  /** Says these bytes in place of its answer to a search. */
  readonly says?: Buffer;
}

export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** What it was asked; names of attributes are in lower case. */
  readonly searches: readonly SearchRequest[];
}

/**
 * A small LDAP server for what OpenLDAP never does: it knows paged results and ranges, takes any password, and whatever
 * the filter says, all entries fit.
 */
export async function startStandIn(entries: readonly StandInEntry[], ways: Ways = {}): Promise<StandIn> {
  const searches: SearchRequest[] = [];
  const server = createServer(socket => serve(socket, { entries, ways, searches }));
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server);
  return { url: `ldap://127.0.0.1:${port}`, searches, [Symbol.asyncDispose]: dispose };
}

interface House {
  readonly entries: readonly StandInEntry[];
  readonly ways: Ways;
  readonly searches: SearchRequest[];
}

const BIND = 0x60;
const BOUND = 0x61;
const SEARCH = 0x63;
const ENTRY = 0x64;
const DONE = 0x65;
const REFERENCE = 0x73;

function serve(socket: Socket, house: House): void {
  socket
    .on('error', () => {})
    .on('data', bytes => {
      // A client that waits for each answer sends a message at a time, and these are small.
      const reader = new BerReader(bytes);
      reader.readSequence();
      const messageId = reader.readInt() ?? 0;
      const kind = reader.readSequence();
      if (kind === BIND) socket.write(resultOf(messageId, BOUND, house.ways.bindResult ?? { code: 0 }));
      else if (kind !== SEARCH) socket.end();
      else socket.write(house.ways.says ?? answer(messageId, reader, house));
    });
}

function answer(messageId: number, reader: BerReader, { entries, ways, searches }: House): Buffer {
  const request = new SearchRequest({ messageId, filter: new PresenceFilter() });
  request.parse(reader, []);
  searches.push(request);
  const { result, ignoresPaging = false, references = [] } = ways;
  if (result) return resultOf(messageId, DONE, result);
  const found = entries.filter(({ dn }) =>
    request.scope === 'base' ? dn === request.baseDN : dn.endsWith(request.baseDN),
  );
  const control = request.controls?.find(one => one instanceof PagedResultsControl)?.value;
  const page = control && !ignoresPaging ? pageOf(found, control, ways) : { some: found, cookie: undefined };
  return Buffer.concat([
    ...page.some.map(one => entryOf(messageId, shown(one, request.attributes, ways))),
    ...references.map(url => message(messageId, REFERENCE, writer => writer.writeString(url))),
    resultOf(messageId, DONE, { code: 0 }, page.cookie),
  ]);
}

/** A cookie is the number of the page before. */
function pageOf(
  found: readonly StandInEntry[],
  { size, cookie }: { size: number; cookie?: Buffer },
  { emptyPages = 0 }: Ways,
) {
  const number = Number(cookie?.toString() || '0');
  const start = (number - emptyPages) * size;
  const some = start < 0 ? [] : found.slice(start, start + size);
  return { some, cookie: start + size >= found.length ? '' : String(number + 1) };
}

/** An entry with what was asked for of it, in ranges where that is its way. */
function shown({ dn, attributes }: StandInEntry, names: readonly string[], { range, forgets }: Ways): StandInEntry {
  const given = names.flatMap(name => {
    const [own = '', first] = name.split(/;range=(\d+)-\*$/);
    const [spelled, values] = Object.entries(attributes).find(([one]) => one.toLowerCase() === own) ?? [];
    if (spelled === undefined || values === undefined || (first && forgets === spelled)) return [];
    if (range === undefined || (!first && values.length <= range)) return [[spelled, values] as const];
    const start = Number(first ?? 0);
    const end = start + range >= values.length ? '*' : start + range - 1;
    // The empty attribute beside the range is Active Directory's.
    return [[spelled, []] as const, [`${spelled};range=${start}-${end}`, values.slice(start, start + range)] as const];
  });
  return { dn, attributes: Object.fromEntries(given) };
}

/** An entry as a message: the first search of a source has the number 1001. */
export const entryOf = (messageId: number, { dn, attributes }: StandInEntry) =>
  message(messageId, ENTRY, writer => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(Ber.Set | Ber.Constructor);
      for (const value of values) writer.writeBuffer(Buffer.from(value), Ber.OctetString);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });

/** `cookie` is that of a page; undefined where there is no paging. */
function resultOf(
  messageId: number,
  kind: number,
  { code, text = '', referral = [] }: NonNullable<Ways['result']>,
  cookie?: string,
): Buffer {
  const controls =
    cookie === undefined ? [] : [new PagedResultsControl({ value: { size: 0, cookie: Buffer.from(cookie) } })];
  const write = (writer: BerWriter) => {
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(text);
    if (referral.length === 0) return;
    writer.startSequence(0xa3);
    writer.writeStringArray([...referral]);
    writer.endSequence();
  };
  return message(messageId, kind, write, controls);
}

export function message(
  messageId: number,
  kind: number,
  write: (writer: BerWriter) => void,
  controls: readonly PagedResultsControl[] = [],
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(messageId);
  writer.startSequence(kind);
  write(writer);
  writer.endSequence();
  if (controls.length > 0) {
    writer.startSequence(0xa0);
    for (const control of controls) control.write(writer);
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}
