/** What can be wrong with a call, beyond what `/sync` and `/authenticate` themselves say with a 200. */
export type Failure =
  | 'malformed'
  | 'body_unreadable'
  | 'body_not_utf8'
  | 'body_not_json'
  | 'body_not_form'
  | 'body_repeats_key'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'too_slow'
  | 'body_too_large'
  | 'too_many_failures'
  | 'headers_too_large'
  | 'internal'
  | 'starting'
  | 'draining';

/** How a failure is answered; the words for it, by language, are in `messages.ts`. */
interface FailureAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const code = (status: number, headers = {}): FailureAnswer => ({ status, headers });

/** The table of answers other than 200. */
export const FAILURES: Readonly<Record<Failure, FailureAnswer>> = {
  // After this, who knows where the next request begins.
  malformed: code(400, { Connection: 'close' }),
  body_unreadable: code(400),
  body_not_utf8: code(400),
  body_not_json: code(400),
  body_not_form: code(400),
  body_repeats_key: code(400),
  unauthorized: code(401, { 'WWW-Authenticate': 'Basic realm="rosterd", charset="UTF-8"' }),
  forbidden: code(403),
  not_found: code(404),
  method_not_allowed: code(405, { Allow: 'POST' }),
  too_slow: code(408),
  body_too_large: code(413),
  // Its Retry-After is known only where the failures are counted.
  too_many_failures: code(429),
  headers_too_large: code(431),
  internal: code(500),
  starting: code(503, { 'Retry-After': '5' }),
  draining: code(503, { 'Retry-After': '5', Connection: 'close' }),
};
