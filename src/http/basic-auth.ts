import { createHash, timingSafeEqual } from 'node:crypto';
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js';
import type { ClientConfig, Scope } from '../config/schema.ts';
import { type Context, fail, type Step } from './answer.ts';
import type { AuthFailureLimit } from './limits.ts';

/**
 * The guard before a route: lets only clients with the right token and the route's scope through. The right token always
 * passes, however many wrong ones came from its address, because OMFLOW may share that with anybody behind the same proxy.
 */
export function basicAuth(clients: readonly ClientConfig[], limiter: AuthFailures): (scope: Scope) => Step {
  const known = clients.map(knownClient);
  return scope => async (ctx, next) => {
    const entries = entriesFor(known, ctx.get('authorization'));
    const client = entries[0];
    if (client === undefined) return turnAway(ctx, limiter);
    // Clients that send the token only when asked for it fail once before every success.
    await limiter.delete(ctx.state.from);
    ctx.state.client = client.name;
    if (!entries.some(entry => entry.scopes.includes(scope))) return fail(ctx, 'forbidden');
    return next();
  };
}

/** What counts the calls without the right token, by the address that they come from. */
export type AuthFailures = RateLimiterMemory;

export const authFailures = ({ count, seconds }: AuthFailureLimit): AuthFailures =>
  new RateLimiterMemory({ points: count, duration: seconds });

interface KnownClient {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly tokenHash: Buffer;
}

const knownClient = ({ name, scopes, token_hash }: ClientConfig): KnownClient => ({
  name,
  scopes,
  tokenHash: Buffer.from(token_hash.slice('sha256:'.length), 'hex'),
});

/** The entries with this name and token: two during a rotation may share a name. All are compared, whatever the name. */
function entriesFor(known: readonly KnownClient[], authorization: string): KnownClient[] {
  const { name, token } = basicCredentials(authorization);
  const hash = createHash('sha256').update(token).digest();
  return known.filter(entry => timingSafeEqual(entry.tokenHash, hash) && entry.name === name);
}

/** The token stays bytes: it is only ever hashed. */
function basicCredentials(authorization: string): { name: string; token: Buffer } {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)?.[1] ?? '';
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  return { name: bytes.toString('utf8', 0, Math.max(colon, 0)), token: bytes.subarray(colon + 1) };
}

async function turnAway(ctx: Context, limiter: AuthFailures): Promise<void> {
  const full = await limiter.consume(ctx.state.from).then(() => undefined, whenFull);
  if (full === undefined) return fail(ctx, 'unauthorized');
  ctx.set('Retry-After', String(Math.max(1, Math.ceil(full.msBeforeNext / 1000))));
  fail(ctx, 'too_many_failures');
}

/** The limiter rejects with its state when the count is reached. */
function whenFull(reason: unknown): RateLimiterRes {
  if (reason instanceof RateLimiterRes) return reason;
  throw reason;
}
