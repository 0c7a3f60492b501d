import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  HttpClient,
  HttpError,
  type HttpRequest,
  type HttpResponse,
  type HttpSettings,
} from '../../src/connect/http.ts';

/** It stands in the query, a header and the body of every request, and may be in no error. */
export const SECRET = 'Zu9geheim';

export interface Asked extends Partial<Omit<HttpRequest, 'url'>> {
  readonly signal?: AbortSignal;
}

/** A client that waits half a minute and takes 1 MiB, but for what a test says. */
export function newClient(settings: Partial<HttpSettings> = {}): HttpClient {
  return new HttpClient({ timeout: 30_000, limit: 2 ** 20, ...settings });
}

/** What `client` gets from an address; by default for a POST full of secrets. */
export function ask(client: HttpClient, url: string, { signal, ...request }: Asked = {}): Promise<HttpResponse> {
  const secret = { method: 'POST', headers: [['Authorization', `Bearer ${SECRET}`] as const], body: SECRET };
  const where = Object.assign(new URL(url), { search: `key=${SECRET}` });
  return client.exchange({ ...secret, ...request, url: where }, signal ?? new AbortController().signal);
}

/** `kind: message` of why there was no answer; nothing in the error may tell a secret. */
export async function whyNot(answer: Promise<HttpResponse>): Promise<string> {
  const error = await answer.then(
    ({ status, text }) => assert.fail(`answered ${status}: ${text.slice(0, 100)}`),
    (why: unknown) => why,
  );
  assert.ok(error instanceof HttpError, inspect(error));
  assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(SECRET), inspect(error, { depth: 10 }));
  return `${error.kind}: ${error.message}`;
}

/** Waits until something holds that is about to. */
export async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    assert.ok(waited < 20_000, 'did not come to hold within 20 s');
    await sleep(5);
  }
}
