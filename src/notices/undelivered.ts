/** Why a notice did not arrive, in a few words without secrets. */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
  /** True when nobody can tell whether it arrived all the same: it broke off after it was sent. */
  readonly maybe: boolean;
  /** True when it will never be taken. */
  readonly forever: boolean;
  /** Milliseconds in which nobody is to try again, where the receiver says so. */
  readonly wait: number | undefined;

  constructor(message: string, { maybe = false, forever = false, wait }: Partial<Undelivered> = {}) {
    super(message);
    this.maybe = maybe;
    this.forever = forever;
    this.wait = wait;
  }
}

/** Whether a connection failed before anything was sent on it: while it was made, or while both sides said who they are. */
export const isBeforehand = ({ code = '', syscall = '' }: Pick<NodeJS.ErrnoException, 'code' | 'syscall'>): boolean =>
  ['connect', 'getaddrinfo'].includes(syscall) || OF_TLS.test(code);

const OF_TLS = /^(CERT_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/;

/** The most of an answer that is told. */
const MOST = 200;

/** What a receiver answered, as it may be told: on one line, not long, and without what only it and we should know. */
export function quoted(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter(one => one.length >= 4).sort((a, b) => b.length - a.length);
  const bare = longestFirst.reduce((left, secret) => left.replaceAll(secret, '…'), text);
  const line = bare.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}
