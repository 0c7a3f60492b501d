import type { RestAuthenticatorConfig } from '../../config/schema.ts';
import { HttpClient, HttpError } from '../../connect/http.ts';
import type { Asking, Authenticator, Verdict } from '../authenticate.ts';
import { GIVEN_UP } from '../in-time.ts';
import { AT_ONCE, NoPlace, Places } from '../places.ts';
import { verdictOf } from './answer.ts';
import { type Credentials, obstacleTo, requestFor } from './request.ts';

/** Most bytes of an answer: a yes or no, and what else a service may say with it. */
const LIMIT = 2 ** 16;

/** An authenticator that lets an HTTP service check the password. */
export function restAuthenticator(config: RestAuthenticatorConfig): Authenticator {
  const { url, tls, timeout } = config;
  const client = new HttpClient({ tls, timeout, limit: LIMIT });
  const places = new Places(AT_ONCE);
  return {
    name: `rest ${withoutQuery(url)}`,
    check: (username, password, asking) => ask({ client, config, places }, { username, password }, asking),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

interface Service {
  readonly client: HttpClient;
  readonly config: RestAuthenticatorConfig;
  readonly places: Places;
}

async function ask(
  { client, config, places }: Service,
  typed: Credentials,
  { signal, note }: Asking,
): Promise<Verdict> {
  const obstacle = obstacleTo(config, typed);
  if (obstacle !== undefined) return noted({ status: 'unavailable', why: obstacle }, note);
  const request = requestFor(config, typed);
  try {
    using _ = await places.take(signal);
    note?.(`asks ${request.method} ${withoutQuery(request.url.href)}`);
    const response = await client.exchange(request, signal);
    return noted(verdictOf(config, response), note, response.status);
  } catch (error) {
    if (error instanceof NoPlace) return { status: 'unavailable', why: error.message };
    if (signal.aborted) return GIVEN_UP;
    if (error instanceof HttpError) return noted({ status: 'unavailable', why: withoutQuotes(error.message) }, note);
    throw error;
  }
}

/** The verdict, when who looks on was told what the answer means. */
function noted(verdict: Verdict, note: Asking['note'], status?: number): Verdict {
  const what = 'why' in verdict ? verdict.why : `answered ${status}`;
  note?.(what + (MEANING[verdict.status] ?? ''));
  return verdict;
}

const MEANING: Readonly<Partial<Record<Verdict['status'], string>>> = {
  accepted: ': the password is right',
  refused: ': the password is wrong',
  unknown: ': nobody is known by that login',
};

/** A query may hold a key of the service's. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/** What stands in quotes was read from the answer's headers, where a service may send back what it was sent. */
function withoutQuotes(message: string): string {
  return message.replace(/".*"/s, '"…"');
}
