/**
 * Why somebody may not log in, where that may be told: their password is the right one. Not so for `locked_out`, for a
 * directory does not look at the password of an account that it has locked; the configuration decides whether to tell that.
 */
export type Bar = 'password_expired' | 'account_disabled' | 'not_now' | 'locked_out';

/** What became of one try to log in. */
export type LoginAnswer =
  | { readonly status: 'accepted' }
  | { readonly status: 'refused' }
  /** The directory says why, and who asks may be told. */
  | { readonly status: 'barred'; readonly bar: Bar }
  /** The password could not be checked: never told as a wrong one, because OMFLOW locks accounts after a few. */
  | { readonly status: 'unavailable' };

/** Who asks, for the log. */
export interface LoginMeta {
  readonly requestId: string;
  /** The name of the client whose user wants to log in. */
  readonly client: string;
}

/**
 * What the `/authenticate` route needs from the rest of the daemon. `username` and `password` come as they were sent: any
 * strings, even empty ones, neither trimmed nor normalised.
 */
export interface LoginService {
  check(username: string, password: string, meta: LoginMeta): Promise<LoginAnswer>;
}
