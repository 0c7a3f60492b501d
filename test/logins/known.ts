import type { Authenticator, Verdict } from '../../src/logins/authenticate.ts';

/** A directory of its own: it knows the logins it is given, each with a verdict, and remembers who was asked for. */
export class Known implements Authenticator {
  readonly name: string;
  readonly asked: string[] = [];
  readonly #verdicts: ReadonlyMap<string, Verdict>;

  constructor(name: string, verdicts: Readonly<Record<string, Verdict>>) {
    this.name = name;
    this.#verdicts = new Map(Object.entries(verdicts));
  }

  async check(login: string, password: string): Promise<Verdict> {
    this.asked.push(`${login}:${password}`);
    return this.#verdicts.get(login) ?? { status: 'unknown', why: 'nobody of that name' };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export const accepted: Verdict = { status: 'accepted' };
export const refused: Verdict = { status: 'refused', weighed: true, why: 'another password' };
export const unweighed: Verdict = { status: 'refused', weighed: false, why: 'the directory has locked it' };
export const barred: Verdict = { status: 'barred', bar: 'password_expired', why: 'the password has expired' };
export const unavailable: Verdict = { status: 'unavailable', why: 'broke the connection' };
