import type { Prepared } from './request.ts';
import type { Secrets } from './secrets.ts';

/** Why a manifest could not be read to its end: what was asked, what was expected, and what came instead. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
}

/** Where something went wrong. */
export interface Place {
  readonly request: Pick<Prepared, 'method' | 'url'>;
  /** Of the list that is read, from 1; absent for requests that are no page. */
  readonly page: number | undefined;
}

/** How much of a body an error quotes, in characters. */
const QUOTED = 200;

/** `GET https://api.example/v1/people (page 3): …`, without the query and with every secret masked. */
export function failure(
  what: string,
  { request, page }: Place,
  { secrets, body, cause }: { secrets: Secrets; body?: string | undefined; cause?: unknown },
): RequestFailure {
  const address = secrets.mask(`${request.url.origin}${request.url.pathname}`);
  const where = page === undefined ? '' : ` (page ${page})`;
  const said = body === undefined ? '' : `: ${quoted(body, secrets)}`;
  return new RequestFailure(`${request.method} ${address}${where}: ${what}${said}`, { cause });
}

/** The first characters of a body, on one line. */
export function quoted(body: string, secrets: Secrets): string {
  const line = secrets.mask(body).replace(/\s+/g, ' ').trim();
  return line === '' ? '(an empty body)' : start(line, QUOTED);
}

/** The first characters of a text that may be very long. What must not be told is masked before: half of it tells, too. */
export function start(text: string, most: number): string {
  const characters = [...text.slice(0, 2 * most + 1)];
  return characters.length > most ? `${characters.slice(0, most).join('')} …` : text;
}
