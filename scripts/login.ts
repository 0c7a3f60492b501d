import type { Config } from '../src/config/schema.ts';
import { type Attempt, authenticate, type Circumstances, type LoginResult } from '../src/logins/authenticate.ts';
import { openAuthenticators } from '../src/logins/open.ts';
import { LOGIN_DEADLINE } from '../src/logins/service.ts';

/** What an authenticator did, and how many milliseconds after the beginning it had. */
export interface LoginStep {
  readonly ms: number;
  readonly text: string;
}

/** A login that was tried from the terminal, past the throttle. */
export interface TriedLogin {
  readonly result: LoginResult;
  /** Milliseconds. */
  readonly took: number;
}

/** Tries a login as the daemon would, against the same authenticators, and tells each step as it is made. */
export async function tryLogin(
  config: Config,
  attempt: Attempt,
  { loginOf, onStep }: Pick<Circumstances, 'loginOf'> & { onStep(step: LoginStep): void },
): Promise<TriedLogin> {
  await using stack = new AsyncDisposableStack();
  const chain = (await openAuthenticators(config.authenticate)).map(authenticator => stack.use(authenticator));
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  const result = await authenticate(chain, attempt, {
    loginOf,
    signal: AbortSignal.timeout(LOGIN_DEADLINE),
    note: text => onStep({ ms: took(), text }),
  });
  return { result, took: took() };
}
