/** What one authenticator says about a name and a password. Each `why` is for the log, without any secret. */
export type Verdict =
  | { readonly status: 'accepted' }
  /** It knows the person (or must be taken to), and the password is not theirs: final, nobody else is asked. */
  | { readonly status: 'refused'; readonly why: string }
  /** It does not know the person: the next one in the chain is asked. */
  | { readonly status: 'unknown'; readonly why: string }
  /** It could not be asked: never to be read as a wrong password. */
  | { readonly status: 'unavailable'; readonly why: string };

/**
 * One way to check a password. `login` is the person's name at the directory and `password` is what was typed, both
 * checked already: non-empty, at most 1,024 characters, without NUL, well-formed. It answers within its own time-out or when
 * `signal` aborts, never throws for what a server may do, and never puts the password into a text.
 */
export interface Authenticator {
  /** What the log calls it, without any secret. */
  readonly name: string;
  check(login: string, password: string, signal: AbortSignal): Promise<Verdict>;
}

/** What somebody typed, as it was received: nothing is trimmed or normalised on the way. */
export interface Attempt {
  readonly username: string;
  readonly password: string;
}

/** What an attempt is decided against. */
export interface Circumstances {
  /**
   * The name at the directory of whoever has exactly this username in the snapshot that `/sync` serves, or undefined
   * when nobody has; rejects when that cannot be told, which is an outage.
   */
  loginOf(username: string): Promise<string | undefined>;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * How an attempt ended. Outside, there is one `refused`: who asks is not told whether the name is unknown, unpublished
 * or ambiguous, or the password wrong. `by` and `why` are for the log; `by` is absent where no authenticator decided.
 */
export type LoginResult =
  | { readonly status: 'accepted'; readonly by: string }
  | { readonly status: 'refused'; readonly by?: string; readonly why: string }
  | { readonly status: 'unavailable'; readonly by?: string; readonly why: string };

/**
 * Who may log in: the first authenticator of the chain that knows the person decides. Nothing leaves this machine for
 * a directory before the attempt is well-formed and its name is found in the served snapshot.
 */
export async function authenticate(
  chain: readonly Authenticator[],
  attempt: Attempt,
  circumstances: Circumstances,
): Promise<LoginResult> {
  // The throttle will stand here, and those refused without a directory will wait as long as the others do.
  const wrong = flaw('username', attempt.username) ?? flaw('password', attempt.password);
  if (wrong !== undefined) return { status: 'refused', why: wrong };
  const person = await find(attempt.username, circumstances);
  if (typeof person !== 'string') return person;
  return await ask(chain, authenticator => authenticator.check(person, attempt.password, circumstances.signal));
}

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
    return (await loginOf(username)) ?? { status: 'refused', why: 'the name is not in the served snapshot' };
  } catch (error) {
    return { status: 'unavailable', why: `the served snapshot cannot be read: ${(error as Error).message}` };
  }
}

async function ask(
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
  return { status: 'refused', why: unknowing.join('; ') };
}
