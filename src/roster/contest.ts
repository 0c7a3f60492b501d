import type { Claim } from './claims.ts';
import { fold } from './fold.ts';
import type { Person } from './model.ts';

/** What has to be unique. */
export interface Contest {
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
export interface Loss {
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
 * loser always is, and nobody steps back twice, so that ends. `stepBack` does that to a claim.
 */
export function contest(claims: readonly Claim[], others: Iterable<Person>, stepBack: (loss: Loss) => void): void {
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
      stepBack(loss);
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
