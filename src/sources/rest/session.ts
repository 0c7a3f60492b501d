import { type HttpClient, HttpError, type HttpResponse } from '../../connect/http.ts';
import type { Clock } from '../clock.ts';
import { failure, type Place, quoted, start } from './failure.ts';
import { type Json, textOf } from './json.ts';
import { compileNotation } from './notation.ts';
import {
  atBorder,
  type Borders,
  borderTrouble,
  gatewayUrl,
  homeUrl,
  isRedirect,
  REDIRECTS,
  redirected,
} from './redirect.ts';
import { type Prepared, UnusableRequest } from './request.ts';
import { isPassing, PATIENCE, TRIES, waitBefore } from './retry.ts';
import { expected, isEmptyInside, isEqual, isErrorInside, jsonOf, passes, type Rules } from './rules.ts';
import { headOf, isToken, type Scope, secretsIn } from './scope.ts';
import type { Secrets } from './secrets.ts';
import { type Lookup, MissingValue } from './template.ts';
import type { TokenKeeper } from './tokens.ts';

/** A request to be made, as often as it takes: each time with the tokens of that moment. */
export interface Asking {
  make(): Prepared;
  readonly rules: Rules;
  /** Of the list that is read, from 1. */
  readonly page?: number | undefined;
  /** What an answer has to be equal to, filled in. */
  readonly wanted?: string | undefined;
}

/** An answer that passed. */
export interface Answer {
  readonly request: Prepared;
  readonly page: number | undefined;
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly text: string;
  /** True when its status, or what it says, means that there are no records. */
  readonly empty: boolean;
  /** The body as JSON; undefined where it is none. */
  readonly body: Json | undefined;
}

export interface SessionSettings {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly borders: Borders;
  readonly signal: AbortSignal;
  readonly tokens?: TokenKeeper | undefined;
}

/** How much of a value an error shows, in characters. */
const SHOWN = 60;

/** One conversation with a service: requests are sent, tried again where that helps, and judged. */
export class Session {
  readonly settings: SessionSettings;
  /** Requests sent so far, the repeated ones too. */
  requests = 0;

  constructor(settings: SessionSettings) {
    this.settings = settings;
  }

  /** The answer to a request, once it is as the manifest wants it. Throws a RequestFailure. */
  async ask(asking: Asking): Promise<Answer> {
    const { continue_if, polling } = asking.rules;
    for (let turn = 1; ; turn += 1) {
      const answer = await this.#tried(asking);
      if (continue_if === undefined || answer.empty) return answer;
      const wanted = asking.wanted ?? continue_if.value;
      const got = compileNotation(continue_if.response_notation)(answer.body ?? null);
      if (isEqual(got, wanted)) return answer;
      const amount = polling?.amount ?? 1;
      if (polling === undefined || turn >= amount) {
        const often = amount > 1 ? ` after ${amount} requests` : '';
        const expected = `"${continue_if.response_notation}" to be "${this.masked(wanted)}"${often}`;
        throw this.failure(`expected ${expected}, and got ${this.shown(got)}`, answer, answer.text);
      }
      await this.settings.clock.wait(polling.interval * 1000, this.settings.signal);
    }
  }

  /** What templates can name of the tokens, as they are now. */
  tokens(): Pick<Scope, 'oauth' | 'more'> {
    return this.settings.tokens?.names() ?? {};
  }

  /** The same lookup; tokens that answers had in them are kept secret once they are used. */
  watched(lookup: Lookup): Lookup {
    return name => {
      const found = lookup(name);
      if (isToken(name)) this.settings.secrets.add(textOf(found) ?? '');
      if (headOf(name) === 'responses') for (const text of secretsIn(found)) this.settings.secrets.add(text);
      return found;
    };
  }

  masked(text: string): string {
    return this.settings.secrets.mask(text);
  }

  quoted(body: string): string {
    return quoted(body, this.settings.secrets);
  }

  /** A value of a server's, as it may stand in a message. */
  shown(value: Json | undefined): string {
    return value === undefined ? 'nothing there' : start(this.masked(JSON.stringify(value)), SHOWN);
  }

  /** What is wrong, with the request that it is about. */
  failure(what: string, place: Place, body?: string, cause?: unknown) {
    return failure(what, place, { secrets: this.settings.secrets, body, cause });
  }

  async #tried(asking: Asking): Promise<Answer> {
    const { clock, signal } = this.settings;
    let waited = 0;
    let { tokens } = this.settings;
    for (let tries = 1; ; tries += 1) {
      let tried = await this.#once(asking);
      if (tokens && isRefused(tried, asking.rules)) {
        await tokens.renew(tried.turn);
        tokens = undefined;
        tried = await this.#once(asking);
      }
      const passing = this.#passing(tried, asking);
      if (passing) return passing;
      const trouble = this.#trouble(tried, asking);
      if (!trouble.again || tries === TRIES) throw trouble.error(tries);
      const pause = waitBefore(tries, tried.answer, clock);
      if (waited + pause > PATIENCE) {
        throw trouble.error(tries, `; it asks to wait ${Math.ceil(pause / 1000)} s, which is too long`);
      }
      waited += pause;
      await clock.wait(pause, signal);
    }
  }

  async #once(asking: Asking): Promise<Tried> {
    await this.settings.tokens?.ready();
    const turn = this.settings.tokens?.turn ?? 0;
    const request = this.#made(asking);
    return { request, turn, ...(await this.#sent(request, { request, page: asking.page })) };
  }

  #made(asking: Asking): Prepared {
    try {
      const request = asking.make();
      for (const { secret, value } of request.headers) {
        if (secret) this.settings.secrets.add(value.replace(/^\w+ /, ''));
      }
      return request;
    } catch (error) {
      if (!(error instanceof MissingValue || error instanceof UnusableRequest)) throw error;
      throw new UnusableRequest(`a request cannot be made: ${this.settings.secrets.mask(error.message)}`, {
        cause: error,
      });
    }
  }

  /** Sends it, wherever redirects lead. */
  async #sent(first: Prepared, place: Place): Promise<Sent> {
    const { borders } = this.settings;
    let request = first.led ? { ...first, url: homeUrl(first.url.href, first.url, borders) ?? first.url } : first;
    if (request.led) this.#mayGo(request.url, request.url, place);
    for (let hops = 0; ; hops += 1) {
      if (request.body !== undefined && !borders.own.has(request.url.origin)) {
        throw this.failure(
          `would send its body to ${request.url.origin}, which the manifest does not name itself`,
          place,
        );
      }
      const sent = await this.#exchanged(atBorder(request, borders));
      if (sent.answer === undefined || !isRedirect(sent.answer)) return sent;
      if (hops === REDIRECTS) throw this.failure(`was redirected more than ${REDIRECTS} times`, place);
      const to = homeUrl(sent.answer.headers.get('location') ?? '', request.url, borders);
      if (to === undefined) throw this.failure('is redirected to what is no address', place);
      this.#mayGo(request.url, to, place);
      request = redirected(request, to, sent.answer.status);
    }
  }

  #mayGo(from: URL, to: URL, place: Place): void {
    const trouble = borderTrouble(from, to, this.settings.borders);
    if (trouble !== undefined) throw this.failure(this.masked(trouble), place);
  }

  async #exchanged(request: Prepared): Promise<Sent> {
    const { client, borders, signal } = this.settings;
    const { method, body } = request;
    const headers = request.headers.map(({ name, value }) => [name, value] as const);
    this.requests += 1;
    try {
      return {
        answer: await client.exchange({ method, url: gatewayUrl(request.url, borders), headers, body }, signal),
      };
    } catch (error) {
      if (error instanceof HttpError) return { error };
      throw error;
    }
  }

  /** The answer, if it is one that the manifest takes. */
  #passing({ request, answer }: Tried, { rules, page }: Asking): Answer | undefined {
    if (answer === undefined) return undefined;
    const empty = rules.empty_status.includes(answer.status);
    if (!empty && !passes(answer, rules)) return undefined;
    const body = empty ? undefined : jsonOf(answer.text);
    if (isErrorInside(body, rules)) return undefined;
    return { ...answer, request, page, empty: empty || isEmptyInside(body, rules), body };
  }

  #trouble({ request, answer, error }: Tried, { rules, page }: Asking): Trouble {
    const place = { request, page };
    if (answer === undefined) {
      const again = error?.kind === 'network' || error?.kind === 'timeout';
      const what = error?.message ?? 'there is no answer';
      return { again, error: tries => this.failure(`${what}${after(tries)}`, place, undefined, error) };
    }
    const what = `expected ${expected(rules, answer)}, and got status ${answer.status}`;
    return {
      again: isPassing(answer.status) || passes(answer, rules),
      error: (tries, more = '') => this.failure(`${what}${after(tries)}${more}`, place, answer.text),
    };
  }
}

/** What came of sending a request: an answer, or why there is none. */
interface Sent {
  readonly answer?: HttpResponse;
  readonly error?: HttpError;
}

interface Tried extends Sent {
  readonly request: Prepared;
  /** Of the tokens that it was made with. */
  readonly turn: number;
}

interface Trouble {
  /** Whether the same request may succeed later. */
  readonly again: boolean;
  error(tries: number, more?: string): Error;
}

const isRefused = ({ answer }: Tried, rules: Rules) => answer?.status === 401 && !passes(answer, rules);

const after = (tries: number) => (tries > 1 ? `, ${tries} times` : '');
