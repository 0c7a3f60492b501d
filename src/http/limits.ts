/** How many calls without the right token one address may make before it is told to wait, and for how long that counts. */
export interface AuthFailureLimit {
  readonly count: number;
  readonly seconds: number;
}

/** How long and how much we put up with; times in milliseconds, sizes in bytes. */
export interface ServerLimits {
  readonly headersTimeout: number;
  /** For the whole request, its body too. */
  readonly requestTimeout: number;
  /** How often the two above are looked at. */
  readonly timeoutChecks: number;
  /** For a connection without a call. */
  readonly keepAliveTimeout: number;
  /** For an answer that nobody reads. */
  readonly idleTimeout: number;
  readonly maxHeaderSize: number;
  /** How long to go on reading what a client still sends after its answer. */
  readonly linger: number;
  readonly authFailures: AuthFailureLimit;
}

export const LIMITS: ServerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  timeoutChecks: 1_000,
  // Proxies keep idle connections for 60 s. Whoever closes first must be they, else a call may meet our closing.
  keepAliveTimeout: 75_000,
  idleTimeout: 120_000,
  maxHeaderSize: 16 * 1024,
  linger: 2_000,
  authFailures: { count: 10, seconds: 60 },
};
