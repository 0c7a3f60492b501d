import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { manifestProblems } from '../../src/sources/rest/problems.ts';
import { restSource } from '../../src/sources/rest/source.ts';
import type { Source } from '../../src/sources/source.ts';
import { sourceConfig } from '../support/config.ts';
import type { Handler, Peer } from '../support/http-peer.ts';
import { readAll, whyNot } from './configured.ts';

/** A moment at which a test begins: Sun, 22 Nov 2026 00:00:00 GMT. */
export const MIDNIGHT = Date.UTC(2026, 10, 22);

/** A clock of the test's own: waits return at once, are written down, and it is later then. */
export class TestClock {
  readonly waits: number[] = [];
  time = MIDNIGHT;
  /** Half of it is no spread at all. */
  readonly #random: number;

  constructor(random = 0.5) {
    this.#random = random;
  }

  now = () => this.time;
  random = () => this.#random;
  wait = async (milliseconds: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    this.waits.push(milliseconds);
    this.time += milliseconds;
  };
}

type Block = Readonly<Record<string, unknown>>;

/** The least that a manifest of people needs, and what a test wants of it. */
export const manifestFor = (origin: string, parts: Block = {}): Block => ({
  execute: [{ url: `${origin}/people`, method: 'GET' }],
  data_from: 'people',
  data_structure: { email: 'email' },
  ...parts,
});

/** The source that a run would make of a manifest; nothing may be wrong with it. */
export function rest(manifest: Block, settings: Block = {}, clock = new TestClock()): Source {
  const config = sourceConfig({ name: 'hr', type: 'rest', manifest, ...settings });
  assert(config.type === 'rest');
  assert.deepEqual(manifestProblems(config), []);
  return restSource(config, clock);
}

/** What a manifest is for: who the people are that a source gives. */
export async function emails(source: Source): Promise<(string | undefined)[]> {
  return (await readAll(source)).people.map(person => person.fields.email);
}

/** People with some numbers for a name. */
export const people = (...ids: readonly number[]) => ids.map(id => ({ id, email: `p${id}@acme.example` }));
export const addresses = (...ids: readonly number[]) => people(...ids).map(one => one.email);

/** One answer: a status, and a body of JSON or of text. */
export interface Said {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly json?: unknown;
  readonly text?: string;
}

export function say(response: ServerResponse, { status = 200, headers = {}, json, text }: Said): void {
  const type = text === undefined ? { 'content-type': 'application/json' } : {};
  response.writeHead(status, { ...type, ...headers }).end(text ?? (json === undefined ? '' : JSON.stringify(json)));
}

/** A server that gives these answers in turn, and the last one for ever. */
export const inTurn =
  (...answers: readonly Said[]): Handler =>
  ({ count }, response) =>
    say(response, answers[Math.min(count, answers.length) - 1] ?? {});

/** A server that answers by path, anything else with 404. */
export const byPath =
  (answers: Readonly<Record<string, Said>>): Handler =>
  ({ path }, response) =>
    say(response, answers[path] ?? { status: 404, json: { error: 'no such thing' } });

/** Why a manifest cannot be read to its end, with the origin of its server written as `ORIGIN`. */
export async function why(peer: Peer, parts: Block = {}, settings: Block = {}, clock = new TestClock()) {
  const text = await whyNot(rest(manifestFor(peer.origin, parts), settings, clock));
  return text.replaceAll(peer.origin, 'ORIGIN');
}
