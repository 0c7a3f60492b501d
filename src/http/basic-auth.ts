import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js';
import type { ClientConfig, Scope } from '../config/schema.ts';
import { fail, type Step } from './answer.ts';
import type { Failure } from './failure.ts';
import { knownClients } from './known-clients.ts';
import type { AuthFailureLimit } from './limits.ts';

/** The guard before a route of the API: lets only clients with the right token and the route's scope through. */
export function basicAuth(clients: readonly ClientConfig[], limiter: AuthFailures): (scope: Scope) => Step {
  const admit = admission(clients, limiter);
  return scope => async (ctx, next) => {
    const { client, failure, wait } = await admit(scope, ctx.get('authorization'), ctx.state.from);
    ctx.state.client = client;
    if (wait !== undefined) ctx.set('Retry-After', String(wait));
    return failure === undefined ? next() : fail(ctx, failure);
  };
}

/** Whether a call is let in. */
export interface Admission {
  /** The name of the client; `""` where its token is not right. */
  readonly client: string;
  /** Why it is not let in; undefined when it is. */
  readonly failure: Extract<Failure, 'unauthorized' | 'forbidden' | 'too_many_failures'> | undefined;
  /** Of too many failures: in how many seconds to try again. */
  readonly wait?: number;
}

/**
 * Decides who is let in, by the scope that is needed, the `Authorization` header and the address that a call comes from. The
 * right token always passes, however many wrong ones came from its address, because OMFLOW may share that with anybody behind
 * the same proxy.
 */
export function admission(
  clients: readonly ClientConfig[],
  limiter: AuthFailures,
): (scope: Scope, authorization: string, from: string) => Promise<Admission> {
  const clientOf = knownClients(clients);
  return async (scope, authorization, from) => {
    const client = clientOf(authorization);
    if (client === undefined) return await turnedAway(limiter, from);
    // Clients that send the token only when asked for it fail once before every success.
    await limiter.delete(from);
    return { client: client.name, failure: client.scopes.has(scope) ? undefined : 'forbidden' };
  };
}

/** What counts the calls without the right token, by the address that they come from. */
export type AuthFailures = RateLimiterMemory;

export const authFailures = ({ count, seconds }: AuthFailureLimit): AuthFailures =>
  new RateLimiterMemory({ points: count, duration: seconds });

async function turnedAway(limiter: AuthFailures, from: string): Promise<Admission> {
  const full = await limiter.consume(from).then(() => undefined, whenFull);
  if (full === undefined) return { client: '', failure: 'unauthorized' };
  return { client: '', failure: 'too_many_failures', wait: Math.max(1, Math.ceil(full.msBeforeNext / 1000)) };
}

/** The limiter rejects with its state when the count is reached. */
function whenFull(reason: unknown): RateLimiterRes {
  if (reason instanceof RateLimiterRes) return reason;
  throw reason;
}
