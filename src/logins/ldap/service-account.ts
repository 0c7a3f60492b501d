import type { LdapConnection } from '../../connect/ldap.ts';
import { type Denial, isAnswer, serviceOutage } from './results.ts';

/** Milliseconds for which a refused password is not sent again: as long as directories count wrong ones, and a little more. */
const PAUSE = 31 * 60_000;

/** 49 of RFC 4511, whatever the reason. */
const INVALID_CREDENTIALS = 49;

/**
 * The account that searches for people. Its own failure is an outage, even where its code is that of a wrong password. One
 * that was refused is not tried with every login, or the directory would lock it for whatever else uses it.
 */
export class ServiceAccount {
  readonly dn: string;
  readonly #password: string;
  readonly #now: () => number;
  #refused: { readonly until: number; readonly outage: Denial } | undefined;

  /** `now` gives milliseconds on a clock that never goes back. */
  constructor({ dn, password }: { dn: string; password: string }, now = () => performance.now()) {
    this.dn = dn;
    this.#password = password;
    this.#now = now;
  }

  /** Binds as this account; the outage when that is refused, now or a while ago. */
  async bind(connection: LdapConnection): Promise<Denial | undefined> {
    if (this.#refused && this.#now() < this.#refused.until) return this.#refused.outage;
    try {
      await connection.bind(this.dn, this.#password);
      this.#refused = undefined;
      return undefined;
    } catch (error) {
      if (!isAnswer(error)) throw error;
      const outage = serviceOutage(error, this.dn);
      if (error.code === INVALID_CREDENTIALS) this.#refused = { until: this.#now() + PAUSE, outage };
      return outage;
    }
  }
}
