import { ResultCodeError } from 'ldapts';
import { type LdapConnection, ldapTrouble } from '../../connect/ldap.ts';
import type { Bar } from '../../http/login.ts';
import type { Verdict } from '../authenticate.ts';

/** Anything but that somebody is let in. */
export type Denial = Exclude<Verdict, { readonly status: 'accepted' }>;

/** As whom somebody would bind, and how much may be told of it. */
export interface Bind {
  readonly name: string;
  /** Whether somebody who is locked out is told so: it is not their password that says it. */
  readonly revealLockout: boolean;
}

/** The codes of RFC 4511 that mean "not now" or "not here", where another server may do better; so do all from 80 on. */
const BUSY = 51;
const UNAVAILABLE = 52;
const OTHER = 80;

/** Whether a server answered, for better or worse; else it is the server that failed, and another one is worth a try. */
export function isAnswer(error: unknown): error is ResultCodeError {
  if (!(error instanceof ResultCodeError)) return false;
  return error.code !== BUSY && error.code !== UNAVAILABLE && error.code < OTHER;
}

/** Asks something that needs no rights. Whatever a server answers, it lives; rejects when that is not so, or it is failing. */
export async function expectAnswer(connection: LdapConnection): Promise<void> {
  try {
    await connection.readRoot();
  } catch (error) {
    if (!isAnswer(error)) throw error;
  }
}

/** What a server's answer to the bind of a person means who was not let in. */
export function verdictOn(error: ResultCodeError, bind: Bind): Denial {
  const { name } = bind;
  switch (error.code) {
    case 32:
      return { status: 'refused', weighed: false, why: `no entry is called ${name}` };
    case 19: // So says the 389 directory, and those made from it.
      return lockedOut(bind, `${name} is locked out (result code 19)`);
    case 48:
      return { status: 'refused', weighed: false, why: `${name} has no password there` };
    case 49:
      return verdictOnCredentials(subCodeOf(error), bind);
    default:
      return outage(error);
  }
}

/** An answer that says nothing of the password, and what to do about it where we know. */
export function outage(error: ResultCodeError): Denial {
  const hint = HINTS[error.code];
  return { status: 'unavailable', why: `${ldapTrouble(error)}${hint === undefined ? '' : `; ${hint}`}` };
}

/** Why the service account was not let in; that is never a person's fault. */
export function serviceOutage(error: ResultCodeError, dn: string): Denial {
  if (error.code !== 49) return outage(error);
  const { words } = meaningOf(subCodeOf(error)) ?? {};
  const reason = words === undefined ? '' : ` (${words('it')})`;
  return {
    status: 'unavailable',
    why: `does not accept the service account ${dn}${reason}; check bind.dn and bind.password, and restart: it is not tried again for half an hour`,
  };
}

const WANTS_TLS = 'it wants TLS; use ldaps:// or start_tls';

const HINTS: Readonly<Record<number, string>> = {
  8: WANTS_TLS,
  10: 'it refers to another server, which is not followed; name that server in url, or a base that this one holds',
  13: WANTS_TLS,
  53: 'where that is so of one person alone, the account may be inactivated there',
};

/** What Active Directory means by a number under code 49. */
interface Meaning {
  /** Of whom it speaks stands where the name is put. */
  readonly words: (name: string) => string;
  /** What the password proved to be right does not help against; without it, it did not. */
  readonly bar?: Bar;
}

const DISABLED = 'account_disabled';
const EXPIRED = 'password_expired';

/** Windows' error codes, as they stand behind "data" in hex. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['525', { words: name => `${name} is not known there` }],
  ['52e', { words: name => `${name} has another password` }],
  ['530', { words: name => `${name} may not log in at this hour`, bar: 'not_now' }],
  ['531', { words: name => `${name} may not log in from here`, bar: 'not_now' }],
  ['532', { words: name => `the password of ${name} has expired`, bar: EXPIRED }],
  ['533', { words: name => `the account of ${name} is disabled`, bar: DISABLED }],
  ['701', { words: name => `the account of ${name} has expired`, bar: DISABLED }],
  ['773', { words: name => `${name} must set another password first`, bar: EXPIRED }],
  ['775', { words: name => `${name} is locked out after too many wrong passwords`, bar: 'locked_out' }],
]);

/** Refused before the password was looked at. */
const LOCKED_OUT = '775';

function verdictOnCredentials(code: string | undefined, { name, revealLockout }: Bind): Denial {
  const { words, bar } = meaningOf(code) ?? {
    words: () => `${name} is not let in, for a reason that rosterd does not know`,
  };
  const why = code === undefined ? `${name} has another password` : `${words(name)} (data ${code})`;
  if (code === LOCKED_OUT) return lockedOut({ name, revealLockout }, why);
  return bar === undefined ? { status: 'refused', weighed: true, why } : { status: 'barred', bar, why };
}

/** The password was not looked at: whether that is told is for the configuration to say. */
function lockedOut({ revealLockout }: Bind, why: string): Denial {
  return revealLockout ? { status: 'barred', bar: 'locked_out', why } : { status: 'refused', weighed: false, why };
}

function meaningOf(code: string | undefined): Meaning | undefined {
  return code === undefined ? undefined : MEANINGS.get(code);
}

/** `52e` of `… comment: AcceptSecurityContext error, data 52e, v4563`, as Active Directory and Samba say it. */
function subCodeOf({ message }: ResultCodeError): string | undefined {
  return /\bdata ([0-9a-f]{1,8})\b/i.exec(message)?.[1]?.toLowerCase();
}
