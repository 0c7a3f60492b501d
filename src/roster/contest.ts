import type { Claim } from './claims.ts';
import { fold } from './fold.ts';
import type { Person } from './model.ts';

/** What has to be unique. */
export interface Contest {
  readonly field: 'username' | 'email';
  marks(person: Person): readonly string[];
}

const usernames: Contest = {
  field: 'username',
  marks: ({ username, login }) => (username === login ? [fold(login)] : [fold(username), fold(login)]),
};

const emails: Contest = {
  field: 'email',
  marks: person => [fold(person.email)],
};

/** A mark that more than one may ask for. */
interface Contested {
  readonly what: Contest;
  readonly mark: string;
  /** Who has it of those of whom nothing changed: their username. */
  readonly other: string | undefined;
  /** In their order, those who asked for it at first and those who are served with it and may step back to it. */
  readonly claims: readonly Claim[];
  readonly holders: readonly Claim[];
  /** How many of the claims, from the first, do not ask for it any more; a holder may yet come back. */
  passed: number;
}

/** All contested marks. */
type Field = ReadonlyMap<Contest, ReadonlyMap<string, Contested>>;

/** A mark that a claim does not get. */
export interface Loss {
  readonly claim: Claim;
  readonly what: Contest;
  readonly mark: string;
  readonly text: string;
}

/**
 * Gives every mark to one claim: to whoever is served with it now, else by the order of sources, then the lowest key.
 * A loser who is served steps back to what they had, which may unseat somebody else; one who is not is out, which may
 * give way to somebody else. So it goes on until nobody loses, and only what is lost for sure is acted on: the highest
 * loser always is, and nobody steps back twice, so that ends. `stepBack` does that to a claim. A round looks only at the
 * marks of which the one before may have changed the outcome: a chain steps back one claim a round.
 */
export function contest(claims: readonly Claim[], others: Iterable<Person>, stepBack: (loss: Loss) => void): void {
  const field: Field = new Map([usernames, emails].map(what => [what, contestedMarks(claims, others, what)]));
  const all = [...field.values()].flatMap(marks => [...marks.values()]);
  const places = new Map(all.length === 0 ? [] : claims.map((claim, place) => [claim, place]));
  for (let next = all; next.length > 0; ) {
    const sure = next.filter(one => isSure(one, field));
    const lost = inOrder(sure, places).flatMap(losses);
    next = changedBy(lost, field, stepBack);
  }
  if (all.some(one => losses(one).length > 0)) {
    throw new Error('names and emails that several people claim cannot be settled');
  }
}

/** Acts on what is lost; the marks that may have come to somebody else by that, or are lost for sure now. */
function changedBy(lost: readonly Loss[], field: Field, stepBack: (loss: Loss) => void): Contested[] {
  const changed = new Set<Contested>();
  for (const loss of lost) {
    // They may have lost something else before, and do not ask for this any more.
    if (!asks(loss.claim, loss)) continue;
    for (const one of contestedBy(loss.claim, field)) changed.add(one);
    stepBack(loss);
    for (const one of contestedBy(loss.claim, field)) changed.add(one);
  }
  // Who wins something now may lose nothing any more, and then keeps all that they win.
  const won = [...changed].flatMap(one => {
    const winner = winnerOf(one);
    return winner ? contestedBy(winner, field) : [];
  });
  return [...new Set([...changed, ...won])];
}

/** Whether the winner keeps what they won: a newcomer who loses anything is out, an incumbent only steps back from that. */
function isSure(one: Contested, field: Field): boolean {
  const winner = winnerOf(one);
  if (winner === undefined || holds(winner, one)) return true;
  const lost = contestedBy(winner, field).filter(other => isLost(winner, other));
  return winner.identity.incumbent ? lost.every(({ what }) => what !== one.what) : lost.length === 0;
}

/** By field, then as whoever asks for it first stands among the claims, then as it stands among their marks. */
function inOrder(marks: readonly Contested[], places: ReadonlyMap<Claim, number>): Contested[] {
  const placed = marks.flatMap(one => {
    const first = one.claims.find(claim => asks(claim, one));
    if (!first) return [];
    const field = one.what === usernames ? 0 : 1;
    return { one, field, place: places.get(first) ?? 0, nth: one.what.marks(first.person).indexOf(one.mark) };
  });
  return placed.sort((a, b) => a.field - b.field || a.place - b.place || a.nth - b.nth).map(({ one }) => one);
}

function losses(one: Contested): Loss[] {
  const { what, mark, other } = one;
  const text = `is the same as that of "${other ?? winnerOf(one)?.person.username}"`;
  return one.claims.flatMap(claim => (asks(claim, one) && isLost(claim, one) ? { claim, what, mark, text } : []));
}

const isLost = (claim: Claim, one: Contested) => claim !== winnerOf(one) && !holds(claim, one);

/** Undefined when it is somebody of whom nothing changed, or nobody asks for it any more. */
function winnerOf(one: Contested): Claim | undefined {
  if (one.other !== undefined) return undefined;
  const holder = one.holders.find(claim => asks(claim, one));
  if (holder) return holder;
  for (let claim = one.claims[one.passed]; claim && !asks(claim, one); claim = one.claims[one.passed]) one.passed += 1;
  return one.claims[one.passed];
}

type Marked = Pick<Contested, 'what' | 'mark'>;

const asks = ({ person, out }: Claim, { what, mark }: Marked) => out === undefined && what.marks(person).includes(mark);

/** True when the incumbent had it already. */
const holds = (claim: Claim, { what, mark }: Marked) => heldBy(claim, what).includes(mark);

const heldBy = ({ identity: { incumbent } }: Claim, what: Contest) => (incumbent ? what.marks(incumbent.value) : []);

const contestedBy = ({ person }: Claim, field: Field) =>
  [...field].flatMap(([what, marks]) => what.marks(person).flatMap(mark => marks.get(mark) ?? []));

function contestedMarks(claims: readonly Claim[], others: Iterable<Person>, what: Contest): Map<string, Contested> {
  const wanted = wantedBy(claims, what);
  const taken = new Map<string, string>();
  for (const other of others)
    for (const mark of what.marks(other)) if (wanted.has(mark)) taken.set(mark, other.username);
  const contested = new Map<string, Contested>();
  for (const [mark, list] of wanted) {
    const other = taken.get(mark);
    if (other === undefined && list.length === 1) continue;
    const holders = list.filter(claim => holds(claim, { what, mark }));
    contested.set(mark, { what, mark, other, claims: list, holders, passed: 0 });
  }
  return contested;
}

/** Who asks for each mark, or may step back to it. */
function wantedBy(claims: readonly Claim[], what: Contest): Map<string, Claim[]> {
  const wanted = new Map<string, Claim[]>();
  for (const claim of claims) {
    if (claim.out !== undefined) continue;
    for (const mark of new Set([...what.marks(claim.person), ...heldBy(claim, what)])) {
      const list = wanted.get(mark);
      if (list) list.push(claim);
      else wanted.set(mark, [claim]);
    }
  }
  return wanted;
}
