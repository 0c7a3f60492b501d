import { contest, type Loss } from './contest.ts';
import { type EmailContext, refusal } from './emails.ts';
import { fold } from './fold.ts';
import type { Identity } from './identify.ts';
import { called, type Holder, isErased, type Known, type Stored } from './known.ts';
import {
  asAlias,
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
  const left = whoLeft(identities, others, context.known);
  const claims = identities
    .map(identity => claimOf(identity, { ...context, left }))
    .sort((a, b) => byRank(context.rank, a, b));
  if (claims.length > 0) contest(claims, others, loss => stepBack(loss, context));
  noteStaleLogins(claims, context);
  return claims;
}

/** The code of the problem that somebody's login is the last that was known, and another is called so by now. */
export const LOGIN_STALE = 'login_stale';

/**
 * Somebody whose source does not tell their username keeps the last good one, by which they are found again; but where the
 * sources call somebody else so now, it is them whom the directory knows by it.
 */
function noteStaleLogins(claims: readonly Claim[], context: Context): void {
  const silent = claims.filter(({ identity: { tidied, incumbent } }) => incumbent && broken(tidied, 'username'));
  if (silent.length === 0) return;
  const told = claims.filter(claim => !broken(claim.identity.tidied, 'username'));
  const names = new Set(told.map(claim => fold(claim.identity.tidied.person.login)));
  for (const claim of silent) {
    const { login } = claim.person;
    if (!names.has(fold(login))) continue;
    const text = `cannot log in: by "${login}", their last good username, the directory may know somebody else now`;
    note(claim, context, 'kept', LOGIN_STALE, text);
  }
}

/** Who left with an email, or does so now; where nothing was ever delivered, whoever comes back now has given it up. */
function whoLeft(identities: readonly Identity[], others: Iterable<Person>, { gone, left, delivered }: Known) {
  const leaving = new Map(gone.map(({ value }) => [value.key, value]));
  for (const { key, incumbent } of identities) leaving.delete(incumbent?.value.key ?? key);
  if (leaving.size > 0) for (const { key } of others) leaving.delete(key);
  const now = Map.groupBy(leaving.values(), one => fold(one.email));
  const back = new Set<string>(delivered.what === '' ? identities.map(one => one.key) : []);
  return (email: string) => [...(left.get(email) ?? []).filter(({ key }) => !back.has(key)), ...(now.get(email) ?? [])];
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

/** Of somebody new who breaks no rule, and has no rival. */
export const newClaim = (tidied: Tidied): Claim => ({
  identity: { key: tidied.person.key, tidied, incumbent: undefined, returning: undefined, impostor: undefined },
  person: tidied.person,
  from: {},
  out: undefined,
});

function claimOf(identity: Identity, context: Context & EmailContext): Claim {
  const { tidied, incumbent, returning, key } = identity;
  const from = tidied.draft.from ?? {};
  const name = incumbent?.value.username ?? returning ?? tidied.person.username;
  const renamed = key !== tidied.person.key || name !== tidied.person.username;
  const claim: Claim = {
    identity,
    person: renamed ? { ...tidied.person, key, username: name } : tidied.person,
    from: key === tidied.person.key ? from : { ...movedFrom(identity), ...from, ...aliasOf(tidied) },
    out: identity.impostor,
  };
  if (identity.impostor) return claim;
  for (const field of tidied.broken) mend(claim, field, context);
  // What they were found by and their source may not set is what they are to be found by again.
  const by = tidied.draft.match;
  if (incumbent && by?.by === 'ad_no' && by.hidden && claim.person.ad_no === '') keep(claim, 'ad_no', incumbent);
  if (clean(tidied.draft.fields.nick_name ?? '') === '' && !broken(tidied, 'nick_name')) nameAfterUsername(claim);
  if (incumbent) keepEmail(claim, incumbent, context);
  else claim.out ??= ofLedger(claim, context) ?? refusal(claim.person, context)?.text;
  return claim;
}

/** The incumbent's last good email stands as long as OMFLOW would not take the new one. */
function keepEmail(claim: Claim, incumbent: Stored<Person>, context: Context & EmailContext): void {
  if (fold(claim.person.email) === fold(incumbent.value.email)) return;
  const refused = refusal(claim.person, context);
  if (!refused) return;
  keep(claim, 'email', incumbent);
  note(claim, context, 'kept', refused.code, `${refused.text}; the last good value stays`);
}

const broken = (tidied: Tidied, field: string) => tidied.broken.some(one => one.field === field);

/** Their username is the one that is served, which a rename or a broken username does not change. */
function nameAfterUsername(claim: Claim): void {
  claim.person = { ...claim.person, nick_name: nameFor(claim.person.username) };
}

/** Their source gave them another key: by that they are found from now on, whatever else changes. */
const aliasOf = ({ draft, person }: Tidied): Provenance => (draft.keyed ? asAlias(person.key) : {});

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
  if (owner && !isOwner(identity, owner)) {
    const whom = isErased(owner.key) ? called(owner.key) : `somebody else (${owner.key})`;
    return `username "${person.login}" was published for ${whom} and stays theirs`;
  }
  const names = known.ledger.byEmail.get(fold(person.email));
  const before = names?.find(name => fold(name) !== fold(person.username));
  if (before === undefined || rules.reused_email === 'allow') return undefined;
  // With the email that they left with OMFLOW has them still, whoever had it before.
  const former = known.former.get(identity.key);
  if (former && fold(former.email) === fold(person.email)) return undefined;
  return `email "${person.email}" was published for ${called(before)} before, and OMFLOW would refuse it for anybody else`;
}

/** Whose data was erased has no key any more, and comes back under their username. */
const isOwner = ({ key, returning }: Identity, owner: Holder) =>
  isErased(owner.key) ? fold(returning ?? '') === fold(owner.username) : key === owner.key;

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
