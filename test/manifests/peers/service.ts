import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../src/sources/clock.ts';
import type { PeerRequest } from '../../support/http-peer.ts';

/** What the stand-ins have in common: time, limits, and how they answer. */

/** What a stand-in is told besides serving. */
export interface Conditions {
  /** By which tokens end and limits are lifted. */
  readonly clock: Clock;
  /** How many requests it takes in a while before it says that there were too many; without it, any number. */
  readonly allowed?: number | undefined;
  /** The page of people, from 1, that it fails to give. */
  readonly broken?: number | undefined;
  /** What happens once the first page of people is asked for. */
  readonly meanwhile?: (() => void) | undefined;
  /** Whether somebody on the first page of people is deleted before the second is asked for. */
  readonly vanishing?: boolean | undefined;
}

/** The pages of people that were asked for. */
export class Pages {
  readonly #conditions: Conditions;
  #count = 0;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  /** Counts one; false when it is the one that is not given. */
  give(): boolean {
    this.#count += 1;
    if (this.#count === 1) this.#conditions.meanwhile?.();
    return this.#count !== this.#conditions.broken;
  }

  /** What is there of this now. */
  of<Record>(all: readonly Record[]): readonly Record[] {
    return this.#conditions.vanishing && this.#count > 1 ? all.slice(1) : all;
  }
}

/** So many requests in a while, which begins with one that somebody else makes as soon as the stand-in is there. */
export class Allowance {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #seconds: number;
  #used = 0;
  #ends = 0;

  constructor({ clock, allowed = Number.POSITIVE_INFINITY }: Conditions, seconds: number) {
    this.#clock = clock;
    this.#most = allowed;
    this.#seconds = seconds;
    this.take();
  }

  /** Counts a request; false when it is one too many. */
  take(): boolean {
    if (this.#clock.now() >= this.#ends) {
      this.#ends = this.#clock.now() + this.#seconds * 1000;
      this.#used = 0;
    }
    this.#used += 1;
    return this.#used <= this.#most;
  }

  /** Seconds until requests are taken again. */
  get wait(): number {
    return Math.ceil((this.#ends - this.#clock.now()) / 1000);
  }

  /** The moment of that, in seconds since 1970. */
  get reset(): number {
    return Math.ceil(this.#ends / 1000);
  }

  get limit(): number {
    return Number.isFinite(this.#most) ? this.#most : 1000;
  }

  get left(): number {
    return Math.max(0, this.limit - this.#used);
  }
}

/** Tokens that a stand-in gave out, each for so many seconds. */
export class Tokens {
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #ends = new Map<string, number>();

  constructor({ clock }: Conditions, seconds: number) {
    this.#clock = clock;
    this.#seconds = seconds;
  }

  /** A new one, which begins like this. */
  issue(begin: string): string {
    const token = `${begin}${this.#ends.size + 1}.secret-of-the-session`;
    this.#ends.set(token, this.#clock.now() + this.#seconds * 1000);
    return token;
  }

  /** Whether the request has one that is still good, after this word in its Authorization header. */
  good({ headers }: PeerRequest, word: string): boolean {
    const [given, token = ''] = (headers.authorization ?? '').split(' ', 2);
    return given === word && (this.#ends.get(token) ?? 0) > this.#clock.now();
  }
}

/** Answers with this as JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  return response.end(JSON.stringify(body));
}

/** As the client called it; absolute links are made of it. */
export const originOf = ({ headers }: PeerRequest) => `http://${headers.host}`;

export const isForm = ({ headers }: PeerRequest) =>
  headers['content-type']?.split(';', 1)[0] === 'application/x-www-form-urlencoded';

/** The JSON object in a request; undefined when there is none. */
export function objectIn({ headers, body }: PeerRequest): Readonly<Record<string, unknown>> | undefined {
  if (headers['content-type']?.split(';', 1)[0] !== 'application/json') return undefined;
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

/** A whole number from a parameter; undefined when it is none. */
export function numberIn(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
