import { fold } from './fold.ts';
import { isErased, type Known, type Stored } from './known.ts';
import { aliasIn, type Person, type PersonKey, type Provenance, personKey, splitKey, type Username } from './model.ts';
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
 * by the key that their source gave them later; by the key of a later source's record that is part of this one; by username and email; where the username is the
 * identity, by the login of somebody renamed; by the email of somebody who is gone under their old username; by what joins
 * the source to earlier ones, for somebody whom those do not list any more; by the key, or username and email, of
 * somebody who left. Of two records that are the same person by the same means, the one of the source in their key is.
 */
export function identify(changed: readonly Tidied[], fresh: readonly Tidied[], known: Known): Identity[] {
  const usurped = usurpedKeys(changed, fresh, known);
  const gone = new Map([...known.gone, ...usurped.values()].map(stored => [stored.value.key, stored]));
  const asked = inTurn(fresh, gone);
  const found = findGone(asked, gone);
  const others = asked.filter(tidied => !found.has(tidied));
  const listed = new Set(fresh.flatMap(one => [one.person.key, ...(one.draft.joined ?? [])]));
  const returning = findReturning(others, listed, known);
  return [
    ...changed.map(tidied => ofKnownKey(tidied, known, usurped.has(tidied.person.key))),
    ...fresh.map(tidied => {
      const incumbent = found.get(tidied);
      return incumbent ? asIncumbent(tidied, incumbent) : newcomer(tidied, returning.get(tidied));
    }),
  ];
}

/**
 * Renamed people of a source without keys whose old username somebody else has now: the record with their key is that
 * somebody, and theirs is the one with their login.
 */
function usurpedKeys(changed: readonly Tidied[], fresh: readonly Tidied[], known: Known) {
  const logins = new Set(fresh.filter(one => !one.draft.keyed).map(one => fold(one.person.login)));
  const usurped = new Map<PersonKey, Stored<Person>>();
  for (const { person, draft } of changed) {
    const incumbent = known.incumbents.get(person.key);
    if (draft.keyed || !incumbent || fold(incumbent.value.login) === fold(person.login)) continue;
    if (logins.has(fold(incumbent.value.login))) usurped.set(person.key, incumbent);
  }
  return usurped;
}

/** The marks of somebody gone, and those by which a record may be them; the surest come first. */
interface Way {
  of(gone: Person, from: Provenance): readonly string[];
  by(record: Tidied): readonly string[];
}

const mark = (...parts: readonly string[]) => JSON.stringify(parts);
const sourceOf = (key: PersonKey) => splitKey(key).source;
const emailOf = ({ email }: Person) => (email === '' ? [] : [fold(email)]);

/** Sources are joined by these, and who was found so once is to be found so again. */
const JOINS: readonly Way[] = [
  { of: gone => [gone.key], by: joinedByKey },
  { of: gone => [mark(sourceOf(gone.key), fold(gone.ad_no))], by: joinedBy('ad_no') },
  { of: gone => [mark(sourceOf(gone.key), fold(gone.login))], by: joinedBy('username') },
];

/** By the key under which their source had them when they last changed, where that is another than theirs. */
const ALIAS: Way = {
  of: (_, from) => [aliasIn(from)].filter(key => key !== undefined),
  by: ({ person, draft }) => (draft.keyed ? [person.key] : []),
};

const WAYS: readonly Way[] = [
  ALIAS,
  { of: gone => [gone.key], by: ({ draft }) => draft.joined ?? [] },
  {
    of: gone => [gone.username, gone.login].map(name => mark(fold(name), fold(gone.email))),
    by: ({ person }) => emailOf(person).map(email => mark(fold(person.login), email)),
  },
  {
    // Sources without keys are known by `<source>/<login>`.
    of: gone => [mark(sourceOf(gone.key), fold(gone.login))],
    by: ({ person, draft }) => (draft.keyed ? [] : [mark(draft.source, fold(person.login))]),
  },
  { of: gone => [fold(gone.email)], by: emailsOf },
  ...JOINS,
];

const indexBy = (way: Way, gone: ReadonlyMap<PersonKey, Stored<Person>>) =>
  new Map([...gone.values()].flatMap(one => way.of(one.value, one.from).map(text => [text, one] as const)));

/**
 * The order in which records are asked, where two are the same person by the same means: those whose key is empty first,
 * since their username is all that they can be known by, then those that join somebody.
 */
function inTurn(fresh: readonly Tidied[], gone: ReadonlyMap<PersonKey, Stored<Person>>): Tidied[] {
  if (gone.size === 0) return [...fresh];
  const indexes = JOINS.map(way => ({ way, index: indexBy(way, gone) }));
  const joins = (one: Tidied) => indexes.some(({ way, index }) => way.by(one).some(text => index.has(text)));
  const place = (one: Tidied) => (one.draft.keyed ? (joins(one) ? 1 : 2) : 0);
  const turns = new Map(fresh.map(one => [one, place(one)]));
  return [...fresh].sort((a, b) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0));
}

function joinedByKey({ person, draft: { match } }: Tidied): PersonKey[] {
  const { own } = splitKey(person.key);
  return match?.by === 'key' ? match.earlier.map(source => personKey(source, own)) : [];
}

function joinedBy(field: 'ad_no' | 'username'): Way['by'] {
  return ({ person, draft: { match } }) => {
    const text = fold(match?.hidden ?? person[field === 'username' ? 'login' : field]);
    return match?.by === field && text !== '' ? match.earlier.map(source => mark(source, text)) : [];
  };
}

/** Its own, and the one that it is matched by where its source may not set that. */
function emailsOf({ person, draft: { match } }: Tidied): string[] {
  const hidden = match?.by === 'email' ? fold(match.hidden ?? '') : '';
  return hidden === '' ? emailOf(person) : [hidden];
}

/** Which of those gone a record is about; each of them is at most one. */
function findGone(fresh: readonly Tidied[], gone: ReadonlyMap<PersonKey, Stored<Person>>) {
  const found = new Map<Tidied, Stored<Person>>();
  const taken = new Set<Stored<Person>>();
  if (gone.size === 0) return found;
  for (const way of WAYS) {
    const index = indexBy(way, gone);
    for (const isNear of [true, false]) {
      for (const tidied of fresh) {
        if (found.has(tidied)) continue;
        const stored = way
          .by(tidied)
          .flatMap(text => index.get(text) ?? [])
          .find(one => !taken.has(one));
        if (!stored || (sourceOf(stored.value.key) === tidied.draft.source) !== isNear) continue;
        if ((way === ALIAS || way.by === joinedByKey) && recycled(tidied, stored.value) !== undefined) continue;
        found.set(tidied, stored);
        taken.add(stored);
      }
    }
  }
  return found;
}

interface Returning {
  readonly key: PersonKey;
  readonly username: Username;
  /** Set when the key alone says so, and it was given to somebody else since. */
  readonly impostor?: string | undefined;
}

/** Who left is a record about; whose key has a record of its own (`listed`), that one is, however broken it is. */
function findReturning(fresh: readonly Tidied[], listed: ReadonlySet<PersonKey>, { ledger, former }: Known) {
  const found = new Map<Tidied, Returning>();
  const taken = new Set<PersonKey>();
  const isFree = (key: PersonKey, { draft }: Tidied) =>
    !taken.has(key) && (!listed.has(key) || draft.joined?.includes(key));
  for (const isNear of [true, false]) {
    for (const tidied of fresh) {
      const { key, username, login, email } = tidied.person;
      const own = ledger.byKey.get(key);
      const before = ledger.byUsername.get(fold(login));
      if (own !== undefined && !isErased(own)) {
        const last = former.get(key);
        found.set(tidied, { key, username: own, impostor: last && recycled(tidied, last, 'they left') });
      } else if (before && (sourceOf(before.key) === tidied.draft.source) === isNear && isFree(before.key, tidied)) {
        if (!ledger.byEmail.get(fold(email))?.includes(before.username)) continue;
        // Key and spelling of whom was erased are gone; theirs are now those that they come back with.
        found.set(tidied, isErased(before.key) ? { key, username } : before);
        taken.add(before.key);
      }
    }
  }
  return found;
}

function ofKnownKey(tidied: Tidied, known: Known, usurped: boolean): Identity {
  const incumbent = known.incumbents.get(tidied.person.key);
  const { key } = tidied.person;
  if (incumbent === undefined) return newcomer(tidied, undefined);
  const impostor = usurped
    ? `username "${tidied.person.login}" belongs to somebody who was renamed to "${incumbent.value.login}"`
    : recycled(tidied, incumbent.value);
  return { key, tidied, incumbent, returning: undefined, impostor };
}

const TELLING: readonly string[] = ['key', 'username', 'email', 'nick_name'];

/** The same key, but nothing else is: the key was given to somebody else. A broken field says nothing about that. */
function recycled({ person, broken }: Tidied, last: Person, until = 'now'): string | undefined {
  if (broken.some(one => TELLING.includes(one.field))) return undefined;
  const sameName = [last.login, last.username].some(name => fold(name) === fold(person.login));
  if (sameName || fold(person.email) === fold(last.email) || person.nick_name === last.nick_name) return undefined;
  return `its key ${person.key} was "${last.username}" <${last.email}> until ${until}, and username, email and name all differ`;
}

const asIncumbent = (tidied: Tidied, incumbent: Stored<Person>): Identity => ({
  key: incumbent.value.key,
  tidied,
  incumbent,
  returning: undefined,
  impostor: undefined,
});

const newcomer = (tidied: Tidied, returning: Returning | undefined): Identity => ({
  key: returning?.key ?? tidied.person.key,
  tidied,
  incumbent: undefined,
  returning: returning?.username,
  impostor: returning?.impostor,
});
