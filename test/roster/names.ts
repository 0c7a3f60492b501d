import { createHash } from 'node:crypto';
import { fold } from '../../src/roster/fold.ts';
import { isErased, type Ledger } from '../../src/roster/known.ts';
import { type Person, type PersonKey, storedKey, type Username, username } from '../../src/roster/model.ts';

interface Name {
  readonly kind: 'username' | 'email';
  readonly folded: string;
  readonly username: Username;
  readonly key: PersonKey;
}

/** The ledger in memory: every username and email that was ever published. */
export class Names {
  #rows: Name[] = [];

  enter({ key, username, email }: Person): void {
    for (const [kind, name] of [
      ['username', username],
      ['email', email],
    ] as const) {
      const folded = fold(name);
      const same = this.#rows.some(one => one.kind === kind && one.folded === folded && one.username === username);
      if (!same) this.#rows.push({ kind, folded, username, key });
    }
  }

  erase(key: string): void {
    this.#rows = this.#rows.map(one => (one.key === key ? erased(one) : one));
  }

  /** What was ever published of what is asked for; of what was erased that alone is told by its name. */
  ledger(keys: ReadonlySet<string>, usernames: ReadonlySet<string>, emails: ReadonlySet<string>): Ledger {
    const isAny = this.#rows.some(one => isErased(one.key));
    const told = new Map(isAny ? [...keys, ...usernames, ...emails].map(text => [purged(text), text]) : []);
    const names = this.#rows.map(one => ({
      ...one,
      key: storedKey(told.get(one.key) ?? one.key),
      username: username(told.get(one.username) ?? one.username),
      folded: told.get(one.folded) ?? one.folded,
    }));
    const published = names.filter(one => one.kind === 'username');
    const mails = names.filter(one => one.kind === 'email' && emails.has(one.folded));
    return {
      byKey: new Map(published.filter(one => keys.has(one.key)).map(one => [one.key, one.username])),
      byUsername: new Map(published.filter(one => usernames.has(one.folded)).map(one => [one.folded, one])),
      byEmail: new Map(
        [...Map.groupBy(mails, one => one.folded)].map(([folded, list]) => [folded, list.map(one => one.username)]),
      ),
    };
  }
}

/** What stands for a text that was erased. */
const purged = (text: string) => `purged:${createHash('sha256').update(text).digest('hex')}`;

const erased = (name: Name): Name => ({
  ...name,
  folded: purged(name.folded),
  username: username(purged(fold(name.username))),
  key: storedKey(purged(name.key)),
});
