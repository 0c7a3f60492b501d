import type { Speech } from './words.ts';

/** What a server answered, or why it did not, in words. */
export type Answer<Value> =
  | { readonly status: 'answered'; readonly value: Value }
  | { readonly status: 'missing' }
  | { readonly status: 'failed'; readonly why: string };

/** Seconds until a server is not waited for any longer. */
const PATIENCE = 30;

/** Asks the daemon that served the page, next to the page's own address. Throws only when `signal` aborts. */
export async function ask<Value>(address: string, speech: Speech, signal: AbortSignal): Promise<Answer<Value>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE * 1000);
  try {
    const response = await fetch(address, {
      signal: AbortSignal.any([signal, late.signal]),
      credentials: 'same-origin',
      cache: 'no-store',
    });
    if (response.status === 404) return { status: 'missing' };
    if (!response.ok) return { status: 'failed', why: refusal(response.status, speech) };
    return { status: 'answered', value: JSON.parse(await response.text()) as Value };
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted)
      return { status: 'failed', why: speech.say(speech.words.pair.late, { seconds: PATIENCE }) };
    return {
      status: 'failed',
      why: error instanceof SyntaxError ? speech.words.pair.unreadable : speech.words.pair.unreachable,
    };
  } finally {
    clearTimeout(timer);
  }
}

function refusal(status: number, speech: Speech): string {
  if (status === 401) return speech.words.pair.unauthorized;
  if (status === 403) return speech.words.pair.forbidden;
  if (status === 503 || status === 429) return speech.words.pair.busy;
  return speech.say(speech.words.pair.status, { status: String(status) });
}
