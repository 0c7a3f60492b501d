import { fold } from './fold.ts';
import type { Identity } from './identify.ts';
import type { Known, Stored } from './known.ts';
import { type BrokenField, PERSON_FIELDS, type Person, type PersonField, type Provenance } from './model.ts';
import { byBytes } from './order.ts';
import type { ProblemList } from './problems.ts';
import type { Rules } from './tidy.ts';

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
  const rest = [...others];
  contest(claims, rest, context, usernames);
  contest(claims, rest, context, emails);
  return claims;
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
    from: key === tidied.person.key ? from : { ...from, ...movedFrom(identity) },
    out: identity.impostor,
  };
  if (identity.impostor) return claim;
  for (const field of tidied.broken) mend(claim, field, context);
  if (!incumbent && claim.out === undefined) claim.out = ofLedger(claim, context);
  return claim;
}

/** A person whose key names another source than the one that gives their record now. */
function movedFrom({ key, tidied }: Identity): Provenance {
  const { source } = tidied.draft;
  if (key.startsWith(`${source}/`)) return {};
  return Object.fromEntries(PERSON_FIELDS.map(field => [field, source]));
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
    blank(claim, broken.field);
    note(claim, context, 'fixed', `${broken.field}_broken`, `${broken.field} ${broken.why}; it is left empty`);
  }
}

function keep(claim: Claim, field: string, { value, from }: Stored<Person>): void {
  const stored = field === 'username' ? 'login' : field;
  if (!Object.hasOwn(value, stored)) return;
  claim.person = { ...claim.person, [stored]: value[stored as PersonField] };
  const source = from[field];
  if (source) claim.from = { ...claim.from, [field]: source };
}

function blank(claim: Claim, field: string): void {
  if (field === 'nick_name') claim.person = { ...claim.person, nick_name: claim.person.username };
  else if (field !== 'gender' && (PERSON_FIELDS as readonly string[]).includes(field)) {
    claim.person = { ...claim.person, [field]: '' };
  }
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

/**
 * Gives every mark to one claim: to whoever is served with it now, else by the order of sources, then the lowest key.
 * A loser who is served steps back to what they had, which may unseat somebody else: so it goes on until nobody loses.
 * Whoever stepped back holds what they have, so that ends.
 */
function contest(claims: readonly Claim[], others: readonly Person[], context: Context, what: Contest): void {
  for (;;) {
    const wanted = wantedBy(claims, what);
    const lost = losers(wanted, others, what);
    if (lost.size === 0) return;
    for (const [claim, text] of lost) stepBack(claim, text, context, what);
  }
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

function losers(
  wanted: ReadonlyMap<string, readonly Claim[]>,
  others: readonly Person[],
  what: Contest,
): Map<Claim, string> {
  const lost = new Map<Claim, string>();
  for (const other of others) {
    for (const mark of what.marks(other)) {
      for (const claim of wanted.get(mark) ?? []) lost.set(claim, `is the same as that of "${other.username}"`);
    }
  }
  for (const [mark, list] of wanted) {
    if (list.length === 1) continue;
    const holder = list.find(claim => holds(claim, mark, what)) ?? list[0];
    for (const claim of list) {
      if (claim !== holder && !holds(claim, mark, what))
        lost.set(claim, `is the same as that of "${holder?.person.username}"`);
    }
  }
  return lost;
}

function holds({ identity }: Claim, mark: string, what: Contest): boolean {
  return identity.incumbent !== undefined && what.holds(identity.incumbent.value, mark);
}

function stepBack(claim: Claim, text: string, context: Context, what: Contest): void {
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
