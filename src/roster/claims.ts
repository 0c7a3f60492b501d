import { fold } from './fold.ts';
import type { Identity } from './identify.ts';
import type { Known, Stored } from './known.ts';
import {
  type BrokenField,
  type Extra,
  PERSON_FIELDS,
  type Person,
  type PersonField,
  type Provenance,
} from './model.ts';
import { byBytes } from './order.ts';
import type { ProblemList } from './problems.ts';
import { clean, nameFor, type Rules, type Tidied } from './tidy.ts';

/**
 * Somebody on the way into the candidate. What breaks a rule is settled here: an incumbent keeps the last good value, a
 * newcomer is out (`out` says why).
 */
export interface Claim {
  readonly identity: Identity;
  person: Person;
  from: Provenance;
  out: string | undefined;
}

/** The claims of everybody who is new or differs, with names and emails settled among themselves and with the others. */
export function settle(identities: readonly Identity[], others: Iterable<Person>, context: Context): Claim[] {
  const claims = identities.map(identity => claimOf(identity, context)).sort((a, b) => byRank(context.rank, a, b));
  if (claims.length === 0) return claims;
  contest(claims, others, context);
  return claims;
}

/** Whose key an impostor has and nobody else: they are served on as they were, with their names: bad data removes nobody. */
export function usurped(identities: readonly Identity[]): Stored<Person>[] {
  const theirs = new Set(identities.flatMap(one => (one.impostor === undefined ? (one.incumbent ?? []) : [])));
  return identities.flatMap(({ impostor, incumbent }) =>
    impostor !== undefined && incumbent && !theirs.has(incumbent) ? [incumbent] : [],
  );
}

export interface Context {
  readonly known: Known;
  readonly rules: Rules;
  readonly problems: ProblemList;
  /** The place of a source in the order of precedence. */
  readonly rank: ReadonlyMap<string, number>;
}

function claimOf(identity: Identity, context: Context): Claim {
  const { tidied, incumbent, returning, key } = identity;
  const from = tidied.draft.from ?? {};
  const name = incumbent?.value.username ?? returning ?? tidied.person.username;
  const renamed = key !== tidied.person.key || name !== tidied.person.username;
  const claim: Claim = {
    identity,
    person: renamed ? { ...tidied.person, key, username: name } : tidied.person,
    from: key === tidied.person.key ? from : { ...movedFrom(identity), ...from },
    out: identity.impostor,
  };
  if (identity.impostor) return claim;
  for (const field of tidied.broken) mend(claim, field, context);
  // What they were found by and their source may not set is what they are to be found by again.
  const by = tidied.draft.match;
  if (incumbent && by?.by === 'ad_no' && by.hidden && claim.person.ad_no === '') keep(claim, 'ad_no', incumbent);
  if (clean(tidied.draft.fields.nick_name ?? '') === '' && !broken(tidied, 'nick_name')) nameAfterUsername(claim);
  if (!incumbent && claim.out === undefined) claim.out = ofLedger(claim, context);
  return claim;
}

const broken = (tidied: Tidied, field: string) => tidied.broken.some(one => one.field === field);

/** Their username is the one that is served, which a rename or a broken username does not change. */
function nameAfterUsername(claim: Claim): void {
  claim.person = { ...claim.person, nick_name: nameFor(claim.person.username) };
}

/** A person whose key names another source than the one that gives their record now. */
function movedFrom({ key, tidied }: Identity): Provenance {
  const { source, extra } = tidied.draft;
  if (key.startsWith(`${source}/`)) return {};
  const fields = [...PERSON_FIELDS, 'departments', ...extra.map(([name]) => `extra.${name}`)];
  return Object.fromEntries(fields.map(field => [field, source]));
}

const REQUIRED: readonly string[] = ['key', 'username', 'email', 'active'];

/** A field that breaks a rule: the incumbent's last good value stands, a newcomer has none to stand for it. */
function mend(claim: Claim, broken: BrokenField, context: Context): void {
  const { incumbent } = claim.identity;
  if (incumbent) {
    keep(claim, broken.field, incumbent);
    note(claim, context, 'kept', `${broken.field}_broken`, `${broken.field} ${broken.why}; the last good value stays`);
  } else if (REQUIRED.includes(broken.field)) {
    claim.out ??= `${broken.field} ${broken.why}`;
  } else {
    blank(claim, broken.field, context.rules);
    note(claim, context, 'fixed', `${broken.field}_broken`, `${broken.field} ${broken.why}; nothing of it is taken`);
  }
}

function keep(claim: Claim, field: string, { value, from }: Stored<Person>): void {
  const stored = field === 'username' ? 'login' : field;
  if (stored.startsWith('extra.')) claim.person = { ...claim.person, extra: withLast(claim.person, stored, value) };
  else if (Object.hasOwn(value, stored)) claim.person = { ...claim.person, [stored]: value[stored as PersonField] };
  else return;
  const { [field]: _, ...others } = claim.from;
  claim.from = from[field] ? { ...others, [field]: from[field] } : others;
}

function withLast({ extra }: Person, field: string, last: Person): Extra[] {
  const is = ([name]: Extra) => field === `extra.${name}`;
  return [...extra.filter(one => !is(one)), ...last.extra.filter(is)].sort(([a], [b]) => byBytes(a, b));
}

function blank(claim: Claim, field: string, rules: Rules): void {
  if (field === 'nick_name') nameAfterUsername(claim);
  else if (field === 'gender') claim.person = { ...claim.person, gender: rules.gender };
  else if ((PERSON_FIELDS as readonly string[]).includes(field)) claim.person = { ...claim.person, [field]: '' };
}

function ofLedger({ person, identity }: Claim, { known, rules }: Context): string | undefined {
  const owner = known.ledger.byUsername.get(fold(person.login));
  if (owner && owner.key !== identity.key) {
    return `username "${person.login}" was published for somebody else (${owner.key}) and stays theirs`;
  }
  const before = known.ledger.byEmail.get(fold(person.email))?.find(name => name !== person.username);
  if (before === undefined || rules.reused_email === 'allow') return undefined;
  return `email "${person.email}" was published for "${before}" before, and OMFLOW would refuse it for anybody else`;
}

/** What has to be unique, and how an incumbent steps back when it is not theirs. */
interface Contest {
  readonly field: 'username' | 'email';
  marks(person: Person): readonly string[];
  /** True when the incumbent had it already. */
  holds(incumbent: Person, mark: string): boolean;
}

const usernames: Contest = {
  field: 'username',
  marks: ({ username, login }) => (username === login ? [fold(login)] : [fold(username), fold(login)]),
  holds: (incumbent, mark) => fold(incumbent.username) === mark || fold(incumbent.login) === mark,
};

const emails: Contest = {
  field: 'email',
  marks: person => [fold(person.email)],
  holds: (incumbent, mark) => fold(incumbent.email) === mark,
};

/** A mark that a claim does not get. */
interface Loss {
  readonly claim: Claim;
  readonly what: Contest;
  readonly mark: string;
  /** Who gets it; undefined when it is somebody of whom nothing changed. */
  readonly winner: Claim | undefined;
  readonly text: string;
}

/**
 * Gives every mark to one claim: to whoever is served with it now, else by the order of sources, then the lowest key.
 * A loser who is served steps back to what they had, which may unseat somebody else; one who is not is out, which may
 * give way to somebody else. So it goes on until nobody loses, and only what is lost for sure is acted on: the highest
 * loser always is, and nobody steps back twice, so that ends.
 */
function contest(claims: readonly Claim[], others: Iterable<Person>, context: Context): void {
  const contests = [usernames, emails].map(what => ({
    what,
    taken: new Map<string, string>(),
    back: new Set<Claim>(),
  }));
  for (const { what, taken } of contests) {
    const marks = new Set(wantedBy(claims, what).keys());
    for (const other of others)
      for (const mark of what.marks(other)) if (marks.has(mark)) taken.set(mark, other.username);
  }
  for (;;) {
    const lost = contests.flatMap(({ what, taken, back }) =>
      losses(wantedBy(claims, what), taken, what).filter(({ claim }) => !back.has(claim)),
    );
    if (lost.length === 0) return;
    const losing = Map.groupBy(lost, loss => loss.claim);
    const sure = lost.filter(loss => isSure(loss, losing));
    if (sure.length === 0) throw new Error('names and emails that several people claim cannot be settled');
    for (const loss of sure) {
      const back = contests.find(one => one.what === loss.what)?.back;
      if (loss.claim.out !== undefined || back?.has(loss.claim)) continue;
      back?.add(loss.claim);
      stepBack(loss, context);
    }
  }
}

/** Whether the winner keeps what they won: a newcomer who loses anything is out, an incumbent only steps back from that. */
function isSure({ winner, what, mark }: Loss, losing: ReadonlyMap<Claim, readonly Loss[]>): boolean {
  if (winner === undefined || holds(winner, mark, what)) return true;
  const own = losing.get(winner) ?? [];
  return winner.identity.incumbent ? own.every(loss => loss.what !== what) : own.length === 0;
}

function wantedBy(claims: readonly Claim[], what: Contest): Map<string, Claim[]> {
  const wanted = new Map<string, Claim[]>();
  for (const claim of claims) {
    if (claim.out !== undefined) continue;
    for (const mark of new Set(what.marks(claim.person))) {
      const list = wanted.get(mark);
      if (list) list.push(claim);
      else wanted.set(mark, [claim]);
    }
  }
  return wanted;
}

function losses(
  wanted: ReadonlyMap<string, readonly Claim[]>,
  taken: ReadonlyMap<string, string>,
  what: Contest,
): Loss[] {
  return [...wanted].flatMap(([mark, list]) => {
    const other = taken.get(mark);
    if (other === undefined && list.length === 1) return [];
    const winner = other === undefined ? (list.find(claim => holds(claim, mark, what)) ?? list[0]) : undefined;
    const text = `is the same as that of "${other ?? winner?.person.username}"`;
    return list.flatMap(claim =>
      claim === winner || holds(claim, mark, what) ? [] : { claim, what, mark, winner, text },
    );
  });
}

function holds({ identity }: Claim, mark: string, what: Contest): boolean {
  return identity.incumbent !== undefined && what.holds(identity.incumbent.value, mark);
}

function stepBack({ claim, what, text }: Loss, context: Context): void {
  const { incumbent } = claim.identity;
  const value = what.field === 'email' ? claim.person.email : claim.person.login;
  if (!incumbent) {
    claim.out = `${what.field} "${value}" ${text}`;
    return;
  }
  keep(claim, what.field, incumbent);
  note(claim, context, 'kept', `${what.field}_taken`, `${what.field} "${value}" ${text}; the last good value stays`);
}

function byRank(rank: ReadonlyMap<string, number>, a: Claim, b: Claim): number {
  const place = (claim: Claim) => rank.get(claim.identity.tidied.draft.source) ?? 0;
  return place(a) - place(b) || byBytes(a.identity.key, b.identity.key);
}

function note(claim: Claim, { problems }: Context, effect: 'kept' | 'fixed', code: string, text: string): void {
  const { draft } = claim.identity.tidied;
  problems.add({
    code,
    effect,
    source: draft.source,
    kind: 'person',
    key: claim.identity.key,
    name: claim.person.username,
    text,
  });
}
