import type { Bar } from '../http/login.ts';

/** What one authenticator says about a name and a password. Each `why` is for the log, without any secret. */
export type Verdict =
  | { readonly status: 'accepted' }
  /**
   * It knows the person (or must be taken to), and does not let them in: final, nobody else is asked. `weighed` where it
   * compared the password with theirs: such a refusal counts, and how long it took is the measure for all others.
   */
  | { readonly status: 'refused'; readonly weighed: boolean; readonly why: string }
  /** The password is theirs, and still they may not log in: final, too. */
  | { readonly status: 'barred'; readonly bar: Bar; readonly why: string }
  /** It does not know the person: the next one in the chain is asked. */
  | { readonly status: 'unknown'; readonly why: string }
  /** It could not be asked: never to be read as a wrong password. */
  | { readonly status: 'unavailable'; readonly why: string };

/** How one attempt is made. */
export interface Asking {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /**
   * Called when the password goes out to where wrong ones are counted, and what it gives, when an answer has come: one that
   * was not answered may have been counted there all the same.
   */
  readonly sending?: (() => () => void) | undefined;
  /** Told of each step, for somebody who looks on: which server, under which name, what it answered. Never a secret. */
  readonly note?: ((step: string) => void) | undefined;
}

/**
 * One way to check a password. `login` is the person's name at the directory and `password` is what was typed, both
 * checked already: non-empty, at most 1,024 characters, without NUL, well-formed. It answers within its own time-out or when
 * the signal aborts, never throws for what a server may do, and never puts the password into a text. Disposing of it
 * closes whatever it keeps open.
 */
export interface Authenticator extends AsyncDisposable {
  /** What the log calls it, without any secret. */
  readonly name: string;
  check(login: string, password: string, asking: Asking): Promise<Verdict>;
}

/** A server that failed, or after that answers again: for the log, since logins go on at another one. */
export interface ServerNotice {
  readonly server: string;
  /** Absent when it answers again. */
  readonly trouble?: string;
}

/** What somebody typed, as it was received: nothing is trimmed or normalised on the way. */
export interface Attempt {
  readonly username: string;
  readonly password: string;
}

/** What an attempt is decided against. */
export interface Circumstances extends Asking {
  /**
   * The name at the directory of whoever has exactly this username in the snapshot that `/sync` serves, `""` when that is
   * not known, or undefined when nobody has; rejects when that cannot be told, which is an outage.
   */
  loginOf(username: string): Promise<string | undefined>;
  /** Whether the password may be tried at all, and what counts of it afterwards. Absent: it is tried in any case. */
  readonly throttle?: Throttle | undefined;
}

/** What stands between a person who was found and the directories; see {@link LoginThrottle}. */
export interface Throttle {
  attempt(attempt: Attempt, ask: () => Promise<LoginResult>): Promise<LoginResult>;
}

/**
 * How an attempt ended. Outside, there is one `refused`: who asks is not told whether the name is unknown, unpublished
 * or ambiguous, or the password wrong. `by` and `why` are for the log; `by` is absent where no authenticator decided.
 */
export type LoginResult = {
  readonly by?: string;
  /** How often the password was sent to a directory that did not answer, if at all. */
  readonly unanswered?: number;
} & Exclude<Verdict, { status: 'unknown' }>;

/**
 * Who may log in: the first authenticator of the chain that knows the person decides. Nothing leaves this machine for
 * a directory before the attempt is well-formed and its name is found in the served snapshot.
 */
export async function authenticate(
  chain: readonly Authenticator[],
  attempt: Attempt,
  circumstances: Circumstances,
): Promise<LoginResult> {
  const wrong = flaw('username', attempt.username) ?? flaw('password', attempt.password);
  if (wrong !== undefined) return unweighed(wrong);
  const login = await find(attempt.username, circumstances);
  if (typeof login !== 'string') return login;
  const { signal, note, throttle } = circumstances;
  const ask = () =>
    counted(sending =>
      askChain(chain, authenticator => authenticator.check(login, attempt.password, { signal, note, sending })),
    );
  return throttle ? await throttle.attempt(attempt, ask) : await ask();
}

/** A refusal for which no password was compared. */
export const unweighed = (why: string): LoginResult => ({ status: 'refused', weighed: false, why });

/** In characters as people count them, so that one emoji is one. */
const LONGEST = 1024;

/** Why a value may not be passed on, if so. An empty password above all: a directory may take it for anonymous. */
function flaw(name: keyof Attempt, value: string): string | undefined {
  if (value === '') return `the ${name} is empty`;
  if (!value.isWellFormed()) return `the ${name} is not well-formed Unicode`;
  if (value.includes('\0')) return `the ${name} has a NUL in it`;
  return [...value].length > LONGEST ? `the ${name} has more than 1,024 characters` : undefined;
}

/** The person's name at the directory, or how the attempt ends without one. */
async function find(username: string, { loginOf }: Circumstances): Promise<string | LoginResult> {
  try {
    const login = await loginOf(username);
    if (login === undefined) return unweighed('the name is not in the served snapshot');
    return login === '' ? unweighed('their name at the directory is not known: "rosterd person" tells why') : login;
  } catch (error) {
    return { status: 'unavailable', why: `the served snapshot cannot be read: ${(error as Error).message}` };
  }
}

/** What `ask` comes to, with how often the password went out in vain. */
async function counted(ask: (sending: () => () => void) => Promise<LoginResult>): Promise<LoginResult> {
  let unanswered = 0;
  const result = await ask(() => {
    unanswered += 1;
    return () => {
      unanswered -= 1;
    };
  });
  return unanswered === 0 ? result : { ...result, unanswered };
}

async function askChain(
  chain: readonly Authenticator[],
  check: (authenticator: Authenticator) => Promise<Verdict>,
): Promise<LoginResult> {
  // Without anybody to ask, "incorrect" would be a lie that makes OMFLOW lock accounts.
  if (chain.length === 0) return { status: 'unavailable', why: 'the configuration has no "authenticate" to ask' };
  const unknowing: string[] = [];
  for (const authenticator of chain) {
    const verdict = await check(authenticator);
    if (verdict.status !== 'unknown') return { ...verdict, by: authenticator.name };
    unknowing.push(`${authenticator.name}: ${verdict.why}`);
  }
  return unweighed(unknowing.join('; '));
}
