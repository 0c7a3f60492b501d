import { fold } from './fold.ts';
import type { Form, Holder, Ledger, Placed, Stored } from './known.ts';
import type { Department, GroupNo, Person, PersonKey, SnapshotNumber, Username } from './model.ts';
import { sorted, sortedSet } from './order.ts';

/** What the store says of the past, made into what a candidate has to know of OMFLOW. */

/** A form with all that the store has of it. */
export type Held<Value> = Stored<Value> & Form<Value>;

/** The snapshots that reached one client whole, in the order of their deliveries, the last one first. */
export interface ClientDeliveries {
  readonly client: string;
  readonly snapshots: readonly SnapshotNumber[];
}

/** The last answer of each client in words: `snapshot 41, delivered to omflow`. */
export const deliveredWords = (deliveries: readonly ClientDeliveries[]) =>
  deliveries
    .flatMap(({ client, snapshots: [last] }) => (last === undefined ? [] : `snapshot ${last}, delivered to ${client}`))
    .join('; ');

/** The oldest snapshot that a client may be at; undefined when nothing was ever delivered. */
export function oldestOf(deliveries: readonly ClientDeliveries[]): SnapshotNumber | undefined {
  const last = deliveries.flatMap(({ snapshots }) => snapshots.slice(0, 1));
  return last.length === 0 ? undefined : last.reduce((a, b) => (a < b ? a : b));
}

/** An email that somebody asks for, folded, and the username under which they may have had it themselves. */
export interface Wanted {
  readonly email: string;
  readonly own: string;
}

/** The emails that may go to somebody else: those of newcomers, and of incumbents who have another one now. */
export function wantedEmails(candidate: {
  readonly incumbents: readonly Person[];
  readonly newcomers: readonly Person[];
  readonly drafted: ReadonlyMap<PersonKey, { readonly person: Person }>;
}): Wanted[] {
  const changed = candidate.incumbents.flatMap((incumbent): Wanted[] => {
    const email = fold(candidate.drafted.get(incumbent.key)?.person.email ?? '');
    return email === '' || email === fold(incumbent.email) ? [] : [{ email, own: fold(incumbent.username) }];
  });
  return [...changed, ...candidate.newcomers.map(({ email, login }) => ({ email: fold(email), own: fold(login) }))];
}

/** What is told about emails that were published before. */
export interface EmailPast {
  readonly ledger: Ledger;
  /** As served now: everybody who may be somebody else in the candidate, or not there. */
  readonly served: readonly Person[];
  /** By username, all that is known of somebody, oldest first. */
  readonly histories: ReadonlyMap<Username, readonly Held<Person>[]>;
  readonly deliveries: readonly ClientDeliveries[];
}

/** Whose history has to tell whether an email is free: who had it before under another username, and has it no more. */
export function strangers(wanted: readonly Wanted[], { ledger, served }: Pick<EmailPast, 'ledger' | 'served'>) {
  const now = new Set(served.map(one => JSON.stringify([one.username, fold(one.email)])));
  const found = wanted.flatMap(({ email, own }) =>
    (ledger.byEmail.get(email) ?? []).filter(name => fold(name) !== own && !now.has(JSON.stringify([name, email]))),
  );
  return new Set(found);
}

/** Who has, or left with, the emails that the ledger tells of. */
export function holdersOf(past: EmailPast): { emails: Map<string, Holder[]>; left: Map<string, Holder[]> } {
  const served = new Map(past.served.map(one => [one.username, one]));
  const [emails, left] = [new Map<string, Holder[]>(), new Map<string, Holder[]>()];
  const add = (holders: Map<string, Holder[]>, email: string, holder: Holder) =>
    holders.set(email, [...(holders.get(email) ?? []), holder]);
  for (const [email, usernames] of past.ledger.byEmail) {
    for (const username of usernames) {
      const now = served.get(username);
      const history = past.histories.get(username);
      if (now && fold(now.email) === email) {
        if (past.deliveries.length > 0) add(emails, email, now);
      } else if (history) {
        const key = history[0]?.value.key ?? '';
        if (mayHave(email, history, past.deliveries)) add(emails, email, { key, username });
        if (leftWith(email, history, past.deliveries)) add(left, email, { key, username });
      }
    }
  }
  return { emails, left };
}

/** Whether it is theirs for a client, or may be since: whatever was published after a delivery may be on its way. */
function mayHave(email: string, history: readonly Held<Person>[], deliveries: readonly ClientDeliveries[]): boolean {
  const oldest = oldestOf(deliveries);
  if (oldest === undefined) return false;
  const since = history.filter(({ last }) => last === undefined || last >= oldest);
  return since.some(has(email)) || (since.length > 0 && isTold(email, history, deliveries));
}

/** Whether they are not served any more and it was theirs at the end, as far as anybody knows, or as a client was told. */
function leftWith(email: string, history: readonly Held<Person>[], deliveries: readonly ClientDeliveries[]): boolean {
  const end = history.at(-1);
  // Of whom the history says nothing any more the ledger has the last word.
  if (!end) return true;
  return end.last !== undefined && (has(email)(end) || isTold(email, history, deliveries));
}

const has = (email: string) => (form: Held<Person>) => fold(form.value.email) === email;

/**
 * Whether some client has them with this email: as in its last answer; where they are not in that, as in the last that had
 * them, and as they were before it, since not all answers are remembered.
 */
const isTold = (email: string, history: readonly Held<Person>[], deliveries: readonly ClientDeliveries[]) =>
  deliveries.some(({ snapshots }) => {
    const last = snapshots.find(number => history.some(form => holdsIn(number, form)));
    const told = history.find(form => last !== undefined && holdsIn(last, form));
    const isThere = last !== undefined && last === snapshots[0];
    const before = isThere ? undefined : history.findLast(form => (form.last ?? Infinity) < (snapshots[0] ?? 0));
    return [told, before].some(form => form !== undefined && has(email)(form));
  });

const holdsIn = (number: SnapshotNumber, { first, last }: Held<Person>) =>
  first <= number && (last === undefined || number <= last);

/**
 * The departments that are served now and those that were since the clients' last answers. Of `since` come all forms of
 * those that are otherwise now, oldest first.
 */
export function placesOf(
  served: ReadonlyMap<GroupNo, Stored<Department>>,
  since: readonly Stored<Department>[],
): Map<GroupNo, Placed> {
  const last = new Map([...since.map(one => [one.value.group_no, one] as const), ...served]);
  const forms = Map.groupBy([...since, ...served.values()], one => one.value.group_no);
  return new Map(
    sorted(last.keys()).flatMap(code => {
      const parents = (forms.get(code) ?? []).flatMap(({ value }) => value.parent_group_no || []);
      const one = last.get(code);
      return one ? [[code, { last: one, parents: new Set(sortedSet(parents)) }] as const] : [];
    }),
  );
}

/**
 * Departments that OMFLOW may have above one of these, each with what is below it there. It deletes before it puts anything
 * under another parent, and what is below goes with it. Those that wait for this already do until nothing is below them.
 */
export function above(
  codes: Iterable<string>,
  { departments, waiting }: { departments: ReadonlyMap<GroupNo, Placed>; waiting: ReadonlySet<GroupNo> },
): Map<GroupNo, GroupNo> {
  const found = new Map<GroupNo, GroupNo>();
  if (departments.size === 0) return found;
  const queue = sorted(new Set(codes)) as GroupNo[];
  const seen = new Set(queue);
  const add = (code: GroupNo, child: GroupNo) => {
    if (seen.has(code)) return;
    seen.add(code);
    found.set(code, child);
    queue.push(code);
  };
  for (const [child, { parents }] of departments) for (const code of parents) if (waiting.has(code)) add(code, child);
  for (const child of queue) for (const code of departments.get(child)?.parents ?? []) add(code, child);
  return found;
}
