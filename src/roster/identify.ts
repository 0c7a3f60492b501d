import { fold } from './fold.ts';
import type { Known, Stored } from './known.ts';
import { type Person, type PersonKey, splitKey, type Username } from './model.ts';
import type { Tidied } from './tidy.ts';

/** Who a record is: somebody served now, somebody who was served once, or somebody new. */
export interface Identity {
  readonly key: PersonKey;
  readonly tidied: Tidied;
  /** As served now; absent for a newcomer. */
  readonly incumbent: Stored<Person> | undefined;
  /** The username under which a newcomer was served before they left. */
  readonly returning: Username | undefined;
  /** Set when the record cannot be the person whose key it has. */
  readonly impostor: string | undefined;
}

/**
 * Tells who the records are whose key is not served now, and who those are whose content changed. In this order: by key;
 * where the username is the identity, by the login of somebody renamed; by username and email; by the email of
 * somebody who is gone under their old username; by the key, or username and email, of somebody who left.
 */
export function identify(changed: readonly Tidied[], fresh: readonly Tidied[], known: Known): Identity[] {
  const vanished = new Map([...known.gone].map(stored => [stored.value.key, stored]));
  const usurped = usurpedKeys(changed, fresh, known);
  const index = indexOf([...vanished.values(), ...usurped.values()]);
  const identities = changed.map(tidied => ofKnownKey(tidied, known, usurped.has(tidied.person.key)));
  const taken = new Set<PersonKey>();
  for (const tidied of fresh) {
    const incumbent = index.find(tidied, stored => !taken.has(stored.value.key));
    if (incumbent) taken.add(incumbent.value.key);
    identities.push(incumbent ? asIncumbent(tidied, incumbent) : ofLedger(tidied, known));
  }
  return identities;
}

/**
 * Renamed people of a source without keys whose old username somebody else has now: the record with their key is that
 * somebody, and theirs is the one with their login.
 */
function usurpedKeys(changed: readonly Tidied[], fresh: readonly Tidied[], known: Known) {
  const logins = new Set(fresh.filter(one => !one.draft.keyed).map(one => one.person.login));
  const usurped = new Map<PersonKey, Stored<Person>>();
  for (const { person, draft } of changed) {
    const incumbent = known.incumbents.get(person.key);
    if (draft.keyed || !incumbent || incumbent.value.login === person.login) continue;
    if (logins.has(incumbent.value.login)) usurped.set(person.key, incumbent);
  }
  return usurped;
}

/** Somebody gone, by login and by email. Sources without keys are known by `<source>/<login>`. */
function indexOf(gone: Iterable<Stored<Person>>) {
  const byLogin = new Map<string, Stored<Person>>();
  const byEmail = new Map<string, Stored<Person>>();
  for (const stored of gone) {
    byLogin.set(`${splitKey(stored.value.key).source}/${stored.value.login}`, stored);
    byEmail.set(fold(stored.value.email), stored);
  }
  const find = ({ person, draft }: Tidied, free: (stored: Stored<Person>) => boolean) => {
    const renamed = draft.keyed ? undefined : byLogin.get(`${draft.source}/${person.login}`);
    if (renamed && free(renamed)) return renamed;
    const same = person.email === '' ? undefined : byEmail.get(fold(person.email));
    return same && free(same) ? same : undefined;
  };
  return { find };
}

function ofKnownKey(tidied: Tidied, known: Known, usurped: boolean): Identity {
  const incumbent = known.incumbents.get(tidied.person.key);
  const { key } = tidied.person;
  if (incumbent === undefined) return ofLedger(tidied, known);
  const impostor = usurped
    ? `username "${tidied.person.login}" belongs to somebody who was renamed to "${incumbent.value.login}"`
    : recycled(tidied, incumbent.value);
  return { key, tidied, incumbent, returning: undefined, impostor };
}

/** The same key, but nothing else is: the key was given to somebody else. */
function recycled({ person, broken }: Tidied, incumbent: Person): string | undefined {
  if (broken.length > 0) return undefined;
  const sameName = person.login === incumbent.login || person.login === incumbent.username;
  if (sameName || fold(person.email) === fold(incumbent.email) || person.nick_name === incumbent.nick_name)
    return undefined;
  return `its key ${person.key} was "${incumbent.username}" <${incumbent.email}> until now, and username, email and name all differ`;
}

const asIncumbent = (tidied: Tidied, incumbent: Stored<Person>): Identity => ({
  key: incumbent.value.key,
  tidied,
  incumbent,
  returning: undefined,
  impostor: undefined,
});

function ofLedger(tidied: Tidied, { ledger }: Known): Identity {
  const { key, login, email } = tidied.person;
  const identity = { tidied, incumbent: undefined, impostor: undefined };
  const own = ledger.byKey.get(key);
  if (own !== undefined) return { ...identity, key, returning: own };
  const before = ledger.byUsername.get(fold(login));
  const sameEmail = before && ledger.byEmail.get(fold(email))?.includes(before.username);
  if (before && sameEmail) return { ...identity, key: before.key, returning: before.username };
  return { ...identity, key, returning: undefined };
}
