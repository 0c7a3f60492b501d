import type { Socket } from 'node:net';
import {
  BerReader,
  type Control,
  ExtendedResponse,
  type Filter,
  PagedResultsControl,
  type ResultCodeError,
  SearchRequest,
  SearchResponse,
  StatusCodeParser,
} from 'ldapts';
import { type LdapEntry, NotLdap, readEntry, readTexts } from './entry.ts';

/** One search to send. Aliases are not followed, and no limits of ours are set: with them a part looks like the whole. */
export interface Request {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** The size of a page, and where the last one ended; without it, no paging is asked for. */
  readonly page?: { readonly size: number; readonly cookie: Buffer | undefined };
}

/** All that a server said to one search, when it ended in success. */
export interface Answer {
  readonly entries: readonly LdapEntry[];
  /** LDAP URLs of where more entries are. */
  readonly references: readonly string[];
  /** Where the next page begins: empty after the last one, undefined when the server did not page. */
  readonly cookie: Buffer | undefined;
}

/** A server that gave an LDAP result other than success; the URLs of a referral come with it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  override readonly cause: ResultCodeError;
  readonly referrals: readonly string[];

  constructor(cause: ResultCodeError, referrals: readonly string[]) {
    super(cause.message, { cause });
    this.cause = cause;
    this.referrals = referrals;
  }
}

/** The tags of what a server answers to a search (RFC 4511, 4.5.2). */
const ENTRY = 0x64;
const DONE = 0x65;
const REFERENCE = 0x73;

/** The tag of the URLs in a result that refers to other servers (RFC 4511, 4.1.10). */
const REFERRAL = 0xa3;

/** The end of a search, with the URLs of a referral, which ldapts leaves unread. */
class Done extends SearchResponse {
  referrals: readonly string[] = [];

  override parseMessage(reader: BerReader): void {
    super.parseMessage(reader);
    if (reader.peek() !== REFERRAL) return;
    reader.readSequence(REFERRAL);
    this.referrals = readTexts(reader);
  }
}

interface Waiting {
  readonly id: number;
  readonly most: number;
  readonly entries: LdapEntry[];
  readonly references: string[];
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/**
 * Searches over an open socket, one at a time. In place of ldapts' client, and made of its messages, because that one
 * takes an empty page for the last, shows neither the cookie nor the URLs of a referral, and reads bytes as text where
 * they happen to be UTF-8. Whatever goes wrong, the socket is destroyed, and every later search rejects.
 */
export class Exchange {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  // Above those that were used for a bind before.
  #id = 1000;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('close', () => this.#break(socket.errored ?? new Error('closed the connection before it answered')));
  }

  /** Rejects with {@link Refused}, or with what broke the connection. */
  ask(request: Request): Promise<Answer> {
    if (this.#waiting) throw new Error('is asked two things at once');
    this.#id += 1;
    const id = this.#id;
    if (this.#socket.readyState !== 'open') this.#break(new Error('closed the connection before it was asked'));
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const most = request.page?.size ?? Number.POSITIVE_INFINITY;
      this.#waiting = { id, most, entries: [], references: [], resolve, reject };
      this.#socket.write(searchRequest(id, request).write());
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    try {
      for (let size = sizeOf(this.#rest); size !== undefined; size = sizeOf(this.#rest)) {
        const message = this.#rest.subarray(0, size);
        this.#rest = this.#rest.subarray(size);
        this.#take(message);
      }
    } catch (error) {
      this.#break(error as Error);
    }
  }

  #take(bytes: Buffer): void {
    const reader = new BerReader(bytes);
    reader.readSequence();
    const id = reader.readInt();
    const kind = reader.readSequence();
    if (id === 0) throw farewell(reader);
    const waiting = this.#waiting;
    if (waiting?.id !== id) throw new NotLdap();
    if (kind === ENTRY) {
      waiting.entries.push(readEntry(reader));
      if (waiting.entries.length > waiting.most) throw new Error(NO_PAGING);
    } else if (kind === REFERENCE) waiting.references.push(...readTexts(reader));
    else if (kind === DONE) this.#finish(waiting, read(new Done({ messageId: id }), reader));
    else throw new NotLdap();
  }

  #finish({ entries, references, resolve, reject }: Waiting, done: Done): void {
    this.#waiting = undefined;
    if (done.status === 0) resolve({ entries, references, cookie: cookieOf(done.controls) });
    else reject(new Refused(StatusCodeParser.parse(done), done.referrals));
  }

  #break(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
    this.#socket.destroy();
  }
}

export const NO_PAGING =
  'ignores that it was asked for pages (RFC 2696), so that it cannot be told whether this is everything; ' +
  'use a server that pages, or let it page for this account';

/** An unsolicited message: the server says why it is about to close the connection (RFC 4511, 4.4.1). */
function farewell(reader: BerReader): Error {
  return new Refused(StatusCodeParser.parse(read(new ExtendedResponse({ messageId: 0 }), reader)), []);
}

function read<Message extends { parse(reader: BerReader, controls: Control[]): void }>(
  message: Message,
  reader: BerReader,
): Message {
  message.parse(reader, []);
  return message;
}

/** The length of the first message in these bytes; undefined when it has not come to its end. */
function sizeOf(bytes: Buffer): number | undefined {
  const reader = new BerReader(bytes);
  if (reader.readSequence() === null) return undefined;
  const size = reader.offset + reader.length;
  return size <= bytes.length ? size : undefined;
}

function cookieOf(controls: readonly Control[] = []): Buffer | undefined {
  return controls.find(control => control instanceof PagedResultsControl)?.value?.cookie;
}

function searchRequest(messageId: number, { base, scope, filter, attributes, page }: Request): SearchRequest {
  const value = page?.cookie === undefined ? page && { size: page.size } : { size: page.size, cookie: page.cookie };
  return new SearchRequest({
    messageId,
    baseDN: base,
    scope,
    filter,
    // An empty list would ask for all of them.
    attributes: attributes.length === 0 ? ['1.1'] : [...attributes],
    // Else ldapts asks the server to stop after ten seconds.
    timeLimit: 0,
    ...(value ? { controls: [new PagedResultsControl({ critical: true, value })] } : {}),
  });
}
