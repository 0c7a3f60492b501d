import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PERSON_FIELDS, PersonRecord } from '../../src/roster/model.ts';
import type { Source } from '../../src/sources/source.ts';
import { rest, TurnedClock } from '../peers/reading.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { type Handler, type Peer, type PeerRequest, startPeer } from '../support/http-peer.ts';
import type { Conditions } from './peers/service.ts';

/** Somebody as rosterd should see them, as far as OMFLOW is concerned; what is undefined they have not. */
export type Seen = Partial<Record<(typeof PERSON_FIELDS)[number], string | undefined>> & {
  readonly key: string;
  readonly departments: readonly string[];
  readonly active: boolean;
};

export interface SeenUnit {
  readonly group_no: string;
  readonly display_name: string;
  readonly parent_group_no: string;
}

/** A service of the gallery: a stand-in for it, and what its manifest should make of what that has. */
export interface Service {
  /** The name of the file in config/manifests. */
  readonly manifest: string;
  /** The origins that the manifest asks. */
  readonly origins: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  start(conditions: Conditions): Promise<Peer>;
  /** Everybody and every department that the manifest should read, in the service's order. */
  readonly people: readonly Seen[];
  readonly departments?: readonly SeenUnit[];
  /** True where whoever has left is not listed at all. */
  readonly withoutLeavers?: true;
  /** Whether a request asks for people. */
  asksForPeople(request: PeerRequest): boolean;
  readonly pages: number;
  /** True where the service tells how many people there are, and the manifest knows where. */
  readonly counted?: true;
  /** For services with tokens that end: what gets them, and for how many seconds they are good. */
  readonly token?: { readonly seconds: number; asks(request: PeerRequest): boolean };
  /**
   * How many requests are let through at once, and the waits in seconds that reading everything then takes; absent where
   * a service locks one out for longer than any run would wait.
   */
  readonly limit?: { readonly allowed: number; readonly waits: readonly number[] };
  /** A page of people that the service does not give, and what must be said of it. */
  readonly failure: { readonly page: number; readonly says: RegExp };
  /** Values with a credential that is wrong, and what must be said then. */
  readonly refusal: { readonly values: Readonly<Record<string, string>>; readonly says: RegExp };
  /** What no message may hold. */
  readonly secrets: readonly string[];
}

type Block = Readonly<Record<string, unknown>>;

export const fileOf = (manifest: string) =>
  fileURLToPath(new URL(`../../config/manifests/${manifest}`, import.meta.url));

/** The source that the manifest is, with the stand-in in place of the service; `more` is laid over the source. */
export function sourceOf(service: Service, peer: Peer, clock: TurnedClock, more: Block = {}): Source {
  const hosts = Object.fromEntries(service.origins.map(origin => [origin, peer.origin]));
  return rest({ manifest: fileOf(service.manifest), values: service.values, hosts, ...more }, clock);
}

/** The record, as far as OMFLOW is concerned. */
export function seen({ key, fields, departments, active }: PersonRecord): Seen {
  return { key, ...fields, departments, active };
}

const plain = (one: Seen) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined));

/** What holds for every service of the gallery. */
export function serviceContract(name: string, service: Service): void {
  suite(`the manifest for ${name}`, () => {
    test('reads everybody and every department, page by page, and tells who has left', async () => {
      const clock = new TurnedClock();
      await using peer = await service.start({ clock });
      const { people, departments, problems } = await readAll(sourceOf(service, peer, clock));
      assert.deepEqual(people.map(seen).map(plain), service.people.map(plain));
      assert.deepEqual(
        people.flatMap(({ key, broken }) => broken.map(({ field }) => `${key} ${field}`)),
        [],
      );
      assert.deepEqual(
        departments,
        service.departments?.map(unit => ({ ...unit, broken: [] })),
      );
      assert.deepEqual(problems, []);
      assert.equal(peer.requests.filter(service.asksForPeople).length, service.pages);
      assert.deepEqual(clock.waits, []);
      assert.equal(
        people.every(({ active }) => active),
        service.withoutLeavers ?? false,
      );
    });

    if (service.limit) {
      const { allowed, waits } = service.limit;
      test('waits when there were too many requests, and reads all the same', async () => {
        const clock = new TurnedClock();
        await using peer = await service.start({ clock, allowed });
        const { people } = await readAll(sourceOf(service, peer, clock));
        assert.equal(people.length, service.people.length);
        const seconds = clock.waits.map(wait => wait / 1000);
        assert.deepEqual(seconds, waits);
      });
    }

    if (service.token) {
      const { asks, seconds } = service.token;
      test('gets a new token before the one it has ends', async () => {
        const clock = new TurnedClock();
        const meanwhile = () => void clock.wait((seconds - 30) * 1000, new AbortController().signal);
        await using peer = await service.start({ clock, meanwhile });
        await readAll(sourceOf(service, peer, clock));
        assert.equal(peer.requests.filter(asks).length, 2);
        assert.equal(peer.requests.filter(service.asksForPeople).length, service.pages);
      });
    }

    if (service.counted) {
      test('misses nobody when somebody is deleted between two pages', async () => {
        const clock = new TurnedClock();
        await using peer = await service.start({ clock, vanishing: true });
        const { people } = await readAll(sourceOf(service, peer, clock));
        assert.deepEqual(people.map(seen).map(plain), service.people.slice(1).map(plain));
      });
    }

    test('fails with what the service says when a page is not given', async () => {
      const { page, says } = service.failure;
      const clock = new TurnedClock();
      await using peer = await service.start({ clock, broken: page });
      const why = await whyNot(sourceOf(service, peer, clock));
      assert.match(why, says);
      assert.ok(why.includes(`(page ${page})`), why);
      tellsNothing(why, service);
    });

    test('says when a credential is wrong', async () => {
      const { values, says } = service.refusal;
      const clock = new TurnedClock();
      await using peer = await service.start({ clock });
      const why = await whyNot(sourceOf(service, peer, clock, { values: { ...service.values, ...values } }));
      assert.match(why, says);
      tellsNothing(why, { secrets: [...service.secrets, ...Object.values(values)] });
      assert.deepEqual(clock.waits, []);
    });

    test('tells no secret when something before the service quotes the request', async () => {
      const clock = new TurnedClock();
      await using peer = await service.start({ clock });
      const handlers: Handler[] = [quote];
      if (service.token) handlers.push((request, response) => tokenElseQuote({ request, response, peer, service }));
      for (const handler of handlers) {
        await using gateway = await startPeer(handler);
        const why = await whyNot(sourceOf(service, gateway, clock));
        assert.match(why, /status 400: No route for .*\*\*\*/);
        tellsNothing(why, service);
      }
    });
  });
}

function tellsNothing(why: string, { secrets }: Pick<Service, 'secrets'>): void {
  assert.deepEqual(
    [...secrets, 'secret-of-the-session'].filter(secret => why.includes(secret)),
    [],
    why,
  );
}

/** A gateway that knows nobody, and says whom it does not know. */
const quote: Handler = ({ headers, body }, response) =>
  response.writeHead(400).end(`No route for ${headers.authorization ?? ''} ${body}`);

interface Forwarding {
  readonly request: PeerRequest;
  readonly response: ServerResponse;
  readonly peer: Peer;
  readonly service: Service;
}

/** The same, but that it lets through what asks for a token. */
async function tokenElseQuote({ request, response, peer, service }: Forwarding): Promise<unknown> {
  if (!service.token?.asks(request)) return quote(request, response);
  const { method, url, headers, body } = request;
  const answer = await fetch(`${peer.origin}${url}`, {
    method,
    headers: { 'content-type': headers['content-type'] ?? '' },
    body,
  });
  return response.writeHead(answer.status).end(await answer.text());
}
