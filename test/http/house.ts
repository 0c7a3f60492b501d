import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import type { ClientConfig } from '../../src/config/schema.ts';
import type { Bar, LoginAnswer, LoginMeta, LoginService } from '../../src/http/login.ts';
import type { Encoding, RosterService, SentRoster, SyncAnswer } from '../../src/http/roster.ts';
import { type RosterServer, type ServerSettings, startServer } from '../../src/http/server.ts';
import { snapshotNumber } from '../../src/roster/model.ts';

export const TOKEN = 'a:token/with+all=of=it';
export const NEXT_TOKEN = 'the token after it';
const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;

/** OMFLOW in the middle of a rotation, and two clients that may do one thing each. */
export const CLIENTS: ClientConfig[] = [
  { name: 'omflow', scopes: ['sync', 'authenticate'], token_hash: hashOf(TOKEN) },
  { name: 'omflow', scopes: ['sync', 'authenticate'], token_hash: hashOf(NEXT_TOKEN) },
  { name: 'syncer', scopes: ['sync'], token_hash: hashOf(TOKEN) },
  { name: 'door', scopes: ['authenticate'], token_hash: hashOf(TOKEN) },
];

export const basic = (name: string, token: string) => `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;
export const OMFLOW = basic('omflow', TOKEN);

/** A roster that stays as it is put, and remembers who got it. */
export class StandingRoster implements RosterService {
  current: SyncAnswer = success('{"status":"success","user_info_list":[],"group_info_list":[]}');
  readonly deliveries: SentRoster[] = [];
  #waiting: (() => void)[] = [];

  async answer(encoding: Encoding = 'identity'): Promise<SyncAnswer> {
    return encoding === 'gzip' ? compressed(this.current) : this.current;
  }
  delivered(sent: SentRoster): void {
    this.deliveries.push(sent);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  async nextDelivery(): Promise<SentRoster> {
    if (this.deliveries.length === 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
    const [sent] = this.deliveries.splice(0, 1);
    assert.ok(sent);
    return sent;
  }
}

export function success(text: string | Uint8Array): SyncAnswer {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return { status: 'success', body: { snapshot: snapshotNumber(41), whole: bytes.length, content: bytes } };
}

function compressed(answer: SyncAnswer): SyncAnswer {
  if (answer.status === 'fail') return answer;
  const { content } = answer.body;
  assert.ok(content instanceof Uint8Array);
  return { status: 'success', body: { ...answer.body, content: gzipSync(content, { level: 1 }) } };
}

/** Three people's passwords, some of them of no use; nobody's can be checked while `down`. */
export class KnownPasswords implements LoginService {
  down = false;
  /** Who may not log in with the right password, and why. */
  readonly bars = new Map<string, Bar>();
  readonly asked: { username: string; password: string; meta: LoginMeta }[] = [];
  readonly #called = gateway();
  /** Resolves with the first call. */
  readonly called = this.#called.promise;
  readonly #passwords = new Map([
    ['alice', 'correct horse'],
    ['bob@example.com', '  blanks stay  '],
    ['王小明', 'pässword✓'],
  ]);

  async check(username: string, password: string, meta: LoginMeta): Promise<LoginAnswer> {
    this.asked.push({ username, password, meta });
    this.#called.resolve();
    if (this.down) return { status: 'unavailable' };
    if (this.#passwords.get(username) !== password) return { status: 'refused' };
    const bar = this.bars.get(username);
    return bar === undefined ? { status: 'accepted' } : { status: 'barred', bar };
  }
}

export interface House extends AsyncDisposable {
  readonly server: RosterServer;
  readonly port: number;
  readonly roster: StandingRoster;
  readonly login: KnownPasswords;
  readonly log: LogLines;
}

/** A server on a free port of the loopback, ready unless `ready: false`. */
export async function openHouse(options: Partial<ServerSettings> & { ready?: boolean } = {}): Promise<House> {
  const [roster, login, log] = [new StandingRoster(), new KnownPasswords(), new LogLines()];
  const { ready = true, ...settings } = options;
  const server = await startServer({
    listen: '127.0.0.1:0',
    clients: CLIENTS,
    roster,
    login,
    language: 'en',
    log: pino({ level: 'trace' }, log),
    ...settings,
  });
  if (ready) server.ready();
  const port = Number(server.address.split(':').at(-1));
  return { server, port, roster, login, log, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** What pino wrote, and a way to wait for a line. */
export class LogLines {
  text = '';
  #waiting: (() => void)[] = [];

  write(line: string): void {
    this.text += line;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  get lines(): Record<string, unknown>[] {
    return this.text.split('\n').filter(Boolean).map(parseObject);
  }
  async line(matching: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.find(matching);
      if (found) return found;
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  readonly as?: string;
  /** Sends the body without saying how long it is. */
  readonly chunked?: boolean;
}

/** One request over a connection of its own, as OMFLOW unless said otherwise. */
export async function ask(
  house: { port: number },
  path: string,
  { method = 'POST', ...rest }: Ask = {},
): Promise<Answer> {
  const body = rest.body ?? '';
  const framing = rest.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': Buffer.byteLength(body) };
  const headers = { authorization: rest.as ?? OMFLOW, ...framing, ...rest.headers };
  const outgoing = request({ port: house.port, path, method, headers, agent: false });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) };
}

export const login = (house: { port: number }, body: string | Uint8Array, headers: OutgoingHttpHeaders = {}) =>
  ask(house, '/authenticate', { body, headers: { 'content-type': 'application/json', ...headers } });

/** Writes bytes to a new connection and reads whatever comes until the server closes it. */
export async function talk(house: { port: number }, ...chunks: (string | Uint8Array)[]): Promise<Answer[]> {
  const socket = connect(house.port, '127.0.0.1');
  for (const chunk of chunks) socket.write(chunk);
  return answersIn(await readAll(socket));
}

export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The answers in a stream of bytes, by their Content-Length; a 100 Continue counts as one. */
export function answersIn(bytes: Buffer): Answer[] {
  const answers: Answer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    assert.ok(end > 0, `no end of headers in ${rest.toString('latin1', 0, 200)}`);
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map(line => [line.split(':', 1)[0]?.toLowerCase(), headerValue(line)]));
    const length = Number(headers['content-length'] ?? 0);
    answers.push({ status: Number(statusLine.split(' ')[1]), headers, body: rest.subarray(end + 4, end + 4 + length) });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}
const headerValue = (line: string) => line.slice(line.indexOf(':') + 1).trim();

/** What every answer must be, whatever was asked. */
export function assertWellFormed(answer: Answer): Record<string, unknown> {
  const { headers, body } = answer;
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(String(headers['x-request-id']), /^[A-Za-z0-9._-]{1,64}$/);
  assert.equal(Number(headers['content-length']), body.length);
  assert.equal(headers.location, undefined);
  return parseObject(body.toString());
}

/** A failed call: its code, and a body of a status and a message and nothing else. Gives the message. */
export function assertFails(answer: Answer | undefined, status: number, about = ''): string {
  assert.ok(answer, `there was no answer ${about}`);
  const value = assertWellFormed(answer);
  assert.equal(answer.status, status, `${answer.status}, not ${status} ${about}`);
  assert.deepEqual(Object.keys(value), ['status', 'message']);
  assert.equal(value['status'], 'fail');
  const message = value['message'];
  assert.ok(typeof message === 'string' && message.length > 0 && message.length <= 300);
  return message;
}

export function assertSucceeds(answer: Answer): void {
  assertWellFormed(answer);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString(), '{"status":"success"}');
}

const parseObject = (json: string): Record<string, unknown> => JSON.parse(json);

/** A promise and what settles it, for services that a test makes wait. */
export const gateway = () => Promise.withResolvers<void>();
