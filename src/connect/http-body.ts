import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { type Readable, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import iconv from 'iconv-lite';
import { HttpError, size } from './http-error.ts';

/** How much of a body to read, and for how long. */
export interface Bounds {
  /** Most bytes, inflated. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** What `Accept-Encoding` says where a request leaves it open. */
export const CODINGS = 'gzip, deflate, br';

/**
 * All bytes of a body whose `Content-Encoding` is `coding`, inflated. Reading stops at the limit, however much a
 * small body swells. Throws an HttpError, or what broke the connection.
 */
export async function bytesOf(body: Readable, coding: string | undefined, { limit, signal }: Bounds): Promise<Buffer> {
  const inflater = await inflaterFor(body, coding);
  let broken: Error | undefined;
  // When it is destroyed because the body broke off before it, it is not to blame.
  inflater?.once('error', error => (broken = body.errored ? undefined : error));
  const parts: Buffer[] = [];
  try {
    await pipeline([body, ...(inflater ? [inflater] : []), gathering(parts, limit)], { signal });
  } catch (error) {
    if (error instanceof HttpError || !broken) throw error;
    throw new HttpError('garbled', `sends a body that is not whole ${printable(coding)} (${broken.message})`);
  }
  return Buffer.concat(parts);
}

/** Puts what comes into `parts`, up to the limit. */
function gathering(parts: Buffer[], limit: number): Writable {
  let taken = 0;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken += chunk.length;
      if (taken > limit) return done(new HttpError('too_large', `sends more than ${size(limit)}`));
      parts.push(chunk);
      done();
    },
  });
}

const INFLATERS: Readonly<Record<string, (opening: Buffer) => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  // Some servers leave out the zlib header (RFC 9110, 8.4.1.2), whose lower four bits are always 8.
  deflate: ([first = 0]) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw()),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

/** What undoes a coding, or nothing: an empty body has none, whatever its headers say. */
async function inflaterFor(body: Readable, coding = 'identity'): Promise<Transform | undefined> {
  const name = coding.trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  const opening = await openingOf(body);
  if (opening.length === 0) return undefined;
  const make = Object.hasOwn(INFLATERS, name) ? INFLATERS[name] : undefined;
  if (make) return make(opening);
  throw new HttpError('garbled', `sends a body in the encoding "${printable(coding)}", which rosterd cannot read`);
}

/** The first bytes of a body, which stay in it; none when it is empty. */
async function openingOf(body: Readable): Promise<Buffer> {
  await Promise.race([once(body, 'readable'), once(body, 'end')]);
  const opening: Buffer = body.read() ?? Buffer.alloc(0);
  if (opening.length > 0) body.unshift(opening);
  return opening;
}

/**
 * The text that the bytes are: in UTF-8, or in the charset that `Content-Type` names; without a BOM. `strict` throws an
 * HttpError when they are not; else what is wrong comes as U+FFFD.
 */
export function textOf(bytes: Buffer, contentType: string | undefined, strict: boolean): string {
  const named = /;\s*charset\s*=\s*"?([^";,\s]+)/i.exec(contentType ?? '')?.[1];
  const charset = named ?? 'utf-8';
  const isKnown = iconv.encodingExists(charset);
  if (strict && !isKnown) {
    throw new HttpError('garbled', `sends a body in the charset "${printable(charset)}", which rosterd cannot read`);
  }
  const text = iconv.decode(bytes, isKnown ? charset : 'utf-8');
  if (!strict || isText(bytes, charset, text)) return text;
  const charsets = named === undefined ? 'UTF-8, and names no other charset' : `${printable(named)}, as it says it is`;
  throw new HttpError('garbled', `sends a body that is not ${charsets}`);
}

function isText(bytes: Buffer, charset: string, text: string): boolean {
  return /^utf-?8$/i.test(charset) ? isUtf8(bytes) : !text.includes('\ufffd');
}

/** A word of the server's, as it may stand in a message. */
function printable(word = ''): string {
  return word.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}
