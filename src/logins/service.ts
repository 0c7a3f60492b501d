import type { Logger } from 'pino';
import type { LoginAnswer, LoginMeta, LoginService } from '../http/login.ts';
import { type Attempt, type Authenticator, authenticate, type LoginResult, type Throttle } from './authenticate.ts';
import { Pace } from './pace.ts';
import { SprayWatch } from './spray.ts';
import { Turns } from './turns.ts';

/** Time, as logins need it; both in milliseconds. */
export interface Clock {
  /** On a clock that never goes back. */
  now(): number;
  /** Resolves when so much time has passed, or as soon as the signal aborts. */
  wait(time: number, signal: AbortSignal): Promise<void>;
}

export interface LoginParts {
  /** These two are looked at for each attempt: a reload of the configuration may exchange them. */
  readonly chain: readonly Authenticator[];
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long one may take in all, in milliseconds; default {@link LOGIN_DEADLINE}. */
  readonly deadline?: number;
  /** Told of each attempt once, when it is over: its `outcome` as in the log, and how many milliseconds it took. */
  readonly onLogin?: (login: { outcome: string; ms: number }) => void;
  /** The name at the directory of whoever has this username in the snapshot that is served. */
  loginOf(username: string): Promise<string | undefined>;
}

/** How long a login may take in all, in milliseconds, from the specification: OMFLOW's users wait for it. */
export const LOGIN_DEADLINE = 10_000;

/**
 * Answers OMFLOW's logins: within the deadline whatever hangs, with one line in the log for each, and as late for names
 * that nobody has as for wrong passwords.
 */
export function loginService(parts: LoginParts): LoginService {
  const { clock, log, loginOf, deadline = LOGIN_DEADLINE, onLogin = () => {} } = parts;
  const pace = new Pace(clock.now);
  const turns = new Turns();
  // At whatever level the rest is logged: who tried to log in is for the record.
  const audit = log.isLevelEnabled('fatal') ? log.child({}, { level: 'info' }) : log;
  const spray = new SprayWatch(clock.now);
  return {
    async check(username, password, meta) {
      const attempt = { username, password };
      const began = clock.now();
      const signal = AbortSignal.timeout(deadline);
      const result = await decide(attempt, signal);
      const ms = clock.now() - began;
      logAttempt(audit, { attempt, meta, result, took: ms });
      onLogin({ outcome: result.status, ms });
      watch(result, attempt);
      return answerOf(result);
    },
  };

  /** One after the other for each name, whether anybody has it or not: else those tried at once would tell. */
  async function decide(attempt: Attempt, signal: AbortSignal): Promise<LoginResult> {
    using turn = await turns.take(attempt.username.slice(0, LONGEST_NAME), signal);
    if (!turn) return { status: 'unavailable', why: 'other attempts on the same account took too long' };
    const { chain, throttle } = parts;
    const began = clock.now();
    const result = await byDeadline(authenticate(chain, attempt, { loginOf, throttle, signal }), signal);
    if (result.status !== 'refused') return result;
    const took = clock.now() - began;
    if (result.weighed) pace.note(took);
    else if (pace.usual > took) await clock.wait(pace.usual - took, signal);
    return result;
  }

  function watch({ status }: LoginResult, { username }: Attempt): void {
    if (status === 'unavailable') return;
    const spike = spray.note(username, status === 'refused');
    if (spike) {
      const { failing, tried, within } = spike;
      log.error({ failing, tried, minutes: within / 60_000 }, 'logins fail for many accounts at once: see who tries');
    }
  }
}

/** What an attempt comes to, or an outage when the signal aborts first; what hangs then goes on to its own end. */
function byDeadline(work: Promise<LoginResult>, signal: AbortSignal): Promise<LoginResult> {
  const { promise, resolve } = Promise.withResolvers<LoginResult>();
  const late = { status: 'unavailable', why: 'there was no answer in time' } as const;
  signal.addEventListener('abort', () => resolve(late), { once: true });
  return Promise.race([work, promise]);
}

interface Ended {
  readonly attempt: Attempt;
  readonly meta: LoginMeta;
  readonly result: LoginResult;
  readonly took: number;
}

/** The longest username that may be published: nothing longer is anybody's. */
const LONGEST_NAME = 150;

/** Only what is named here is logged, and the password is not. */
function logAttempt(log: Logger, { attempt, meta, result, took }: Ended): void {
  const line = {
    request_id: meta.requestId,
    client: meta.client,
    username: attempt.username.slice(0, LONGEST_NAME),
    ...outcomeOf(result, took),
  };
  log[result.status === 'unavailable' ? 'error' : 'info'](line, 'login');
}

/** How an attempt ended, for those who look after it; `took` is in milliseconds. */
export const outcomeOf = (result: LoginResult, took: number) => ({
  outcome: result.status,
  bar: 'bar' in result ? result.bar : undefined,
  by: result.by,
  why: 'why' in result ? result.why : undefined,
  ms: Math.round(took),
});

/** What OMFLOW is told, which is less than what the log is. */
export function answerOf(result: LoginResult): LoginAnswer {
  return result.status === 'barred' ? { status: 'barred', bar: result.bar } : { status: result.status };
}
