import { InvalidCredentialsError, ResultCodeError } from 'ldapts';
import type { LdapSourceConfig } from '../../config/sources.ts';
import { ldapTrouble, openLdap } from '../../connect/ldap.ts';
import { type Answer, Exchange, Refused, type Request } from './exchange.ts';

/** A directory server that let us in. Closing it ends the connection. */
export interface Reading extends AsyncDisposable {
  readonly url: string;
  /** Rejects with {@link Refused}, with what broke the connection, or when the answer takes longer than it may. */
  ask(request: Request): Promise<Answer>;
}

type Settings = Pick<LdapSourceConfig, 'url' | 'start_tls' | 'tls' | 'bind' | 'timeout'>;

/**
 * Connects to the first server that can be reached, and binds there. The next one is tried only when the network or the
 * server fails: an account that one does not accept, the others need not be asked about.
 */
export async function openReading(settings: Settings, signal: AbortSignal): Promise<Reading> {
  const troubles: string[] = [];
  for (const url of settings.url) {
    signal.throwIfAborted();
    try {
      return await begin(url, settings, signal);
    } catch (error) {
      const trouble = `${url} ${troubleAtBind(error, settings)}`;
      if (isRefusal(error)) throw new Error(trouble, { cause: error });
      troubles.push(trouble);
    }
  }
  throw new Error(troubles.join('; '));
}

async function begin(url: string, settings: Settings, signal: AbortSignal): Promise<Reading> {
  const { start_tls, tls, bind, timeout } = settings;
  const late = new AbortController();
  const inTime = limited(timeout, late);
  await using opening = new AsyncDisposableStack();
  const server = { url, startTls: start_tls, tls };
  const connection = opening.use(await inTime(openLdap(server, AbortSignal.any([signal, late.signal]))));
  if (bind) await inTime(connection.bind(bind.dn, bind.password));
  const exchange = new Exchange(connection.detach());
  const owned = opening.move();
  return {
    url,
    ask: request => inTime(exchange.ask(request)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Waits for one answer after the other, each for so many milliseconds; `late` aborts, for good, when one takes longer. */
function limited(timeout: number, late: AbortController) {
  return async <Value>(answer: Promise<Value>): Promise<Value> => {
    const timer = setTimeout(() => late.abort(new Error(`gave no answer for ${timeout / 1000} s`)), timeout);
    try {
      return await answer;
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A server that is busy or about to end (RFC 4511, A.2); anything else that it says, another one would say, too. */
const PASSING: readonly number[] = [51, 52];
const isRefusal = (error: unknown) => error instanceof ResultCodeError && !PASSING.includes(error.code);

function troubleAtBind(error: unknown, { bind }: Settings): string {
  const words = ldapTrouble(error);
  if (error instanceof InvalidCredentialsError) {
    const said = words.replace(/^.*?\(result code 49\)/, '');
    return `does not accept the account ${bind?.dn}; check bind.dn and bind.password${said && ` (it said${said})`}`;
  }
  const wantsTls = error instanceof ResultCodeError && [8, 13].includes(error.code);
  return wantsTls ? `${words}; ${WANTS_TLS}` : words;
}

const WANTS_TLS = 'it wants TLS; use ldaps:// or start_tls';

/** What kept a server from giving all that was searched for: a few words to follow its name. */
export function troubleAtSearch(error: unknown, base: string): string {
  if (!(error instanceof Refused)) return ldapTrouble(error);
  const { cause, referrals } = error;
  if (cause.code === 10) return refersTo(referrals);
  const hint = HINTS[cause.code];
  return `${ldapTrouble(cause)}${hint ? `; ${hint(base)}` : ''}`;
}

/** For answers that lead elsewhere: followed, they would need an account there, and another view of who is missing. */
export const refersTo = (urls: readonly string[]) =>
  `the answer refers to ${[...new Set(urls)].slice(0, 3).join(', ') || 'another server'}; ` +
  'name that server in url, or a base that this one holds by itself';

const limit = (what: string) => () => `raise that limit for the account on the server (in OpenLDAP olcLimits: ${what})`;

/** The way out, by result code. */
const HINTS: Readonly<Record<number, (base: string) => string>> = {
  3: limit('time=unlimited'),
  4: limit('size=unlimited size.prtotal=unlimited'),
  8: () => 'it wants TLS or another bind; use ldaps:// or start_tls, and set bind',
  11: limit('size.unchecked=unlimited size.prtotal=unlimited'),
  12: () =>
    'it does not know paged results (RFC 2696), without which it cannot be told whether an answer is everything',
  13: () => WANTS_TLS,
  32: base => `there is no "${base}", or the account may not see it; check base and bind`,
  34: base => `"${base}" is no DN; check base`,
  50: base => `give the account the right to read below "${base}"`,
};
