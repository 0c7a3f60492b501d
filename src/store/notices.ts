import type { Kysely, Selectable, Transaction } from 'kysely';
import { nextNumber } from './highest.ts';
import type { Tables } from './schema.ts';
import type { FreshNotice, KnownState, Notices, WaitingNotice } from './store.ts';

/** How long rows are kept of what was told, in milliseconds. */
const KEPT = 30 * 86_400_000;
/** So long a channel may be unknown before it loses its rows: replicas learn of a new configuration one after the other. */
const UNKNOWN = 3_600_000;
/**
 * Nothing waits for longer, in milliseconds, and nobody is at it for longer: what is put off further was so before a clock was
 * set back.
 */
export const LONGEST_WAIT = 12 * 3_600_000;

export function notices(db: Kysely<Tables>): Notices {
  return {
    states: () => statesIn(db),
    record: ({ before, after, fresh, unheard = [] }) =>
      db.transaction().execute(async transaction => {
        // Makes looks wait for each other, on a MySQL server too.
        await transaction.updateTable('notice_states').set({ mark: '' }).where('subject', '=', NOBODY).execute();
        if (!isSame(await statesIn(transaction), before)) return false;
        await writeStates(transaction, after);
        for (const notice of fresh) await enqueue(transaction, notice);
        for (const notice of unheard) {
          if (!(await ofSpell(transaction, rowOfSpell(notice)).executeTakeFirst())) await enqueue(transaction, notice);
        }
        return true;
      }),
    heard: subjects => heard(db, subjects),
    claimNext: (channel, claim) => claimNext(db, channel, claim),
    async sent(number, at) {
      await settle(db, number, { outcome: 'sent', ended: at.getTime() });
    },
    async givenUp(number, at) {
      await settle(db, number, { outcome: 'given_up', ended: at.getTime() });
    },
    postpone: (notice, how) => db.transaction().execute(transaction => postpone(transaction, notice, how)),
    forget: (channels, now) => forget(db, channels, now),
  };
}

/** The subject of a row that is about nothing: whoever looks takes it first. */
const NOBODY = '';

type StateRow = Selectable<Tables['notice_states']>;
type NoticeRow = Selectable<Tables['notices']>;

async function statesIn(db: Kysely<Tables>): Promise<KnownState[]> {
  const rows = await db
    .selectFrom('notice_states')
    .selectAll()
    .where('subject', '<>', NOBODY)
    .orderBy('subject')
    .execute();
  return rows.map(state);
}

const state = ({ subject, mark, level, standing, entered, since, run }: StateRow): KnownState => ({
  subject,
  mark,
  level,
  standing: standing === 1,
  entered: entered === null ? undefined : new Date(entered),
  since: since === null ? undefined : new Date(since),
  run,
});

const isSame = (a: readonly KnownState[], b: readonly KnownState[]) => JSON.stringify(a) === JSON.stringify(b);

async function writeStates(db: Transaction<Tables>, states: readonly KnownState[]): Promise<void> {
  for (const one of states) {
    await db.deleteFrom('notice_states').where('subject', '=', one.subject).execute();
    const row = {
      ...one,
      standing: one.standing ? 1 : 0,
      entered: one.entered?.getTime() ?? null,
      since: one.since?.getTime() ?? null,
    };
    await db.insertInto('notice_states').values(row).execute();
  }
}

type Spell = Pick<NoticeRow, 'channel' | 'subject' | 'entered'>;

/** Everything that one channel was to be told of one spell of a bad state, oldest first. */
const ofSpell = (db: Kysely<Tables>, { channel, subject, entered }: Spell) =>
  db
    .selectFrom('notices')
    .selectAll()
    .where('channel', '=', channel)
    .where('subject', '=', subject)
    .where('entered', '=', entered)
    .orderBy('number');

const rowOfSpell = ({ channel, subject, entered }: FreshNotice): Spell => {
  return { channel, subject, entered: entered.getTime() };
};

async function heard(db: Kysely<Tables>, subjects: readonly string[]) {
  const rows = await db
    .selectFrom('notices')
    .select(['channel', 'subject', 'entered'])
    .distinct()
    .where('subject', 'in', ['', ...subjects])
    .execute();
  return rows.map(row => ({ ...row, entered: new Date(row.entered) }));
}

const isWaiting = ({ outcome }: NoticeRow) => outcome === '';
/** Whether it may have reached somebody, or may just be doing so. */
const isBegun = ({ outcome, claimed, maybe }: NoticeRow) => outcome === 'sent' || claimed !== null || maybe === 1;

/** What was not begun to be told is not told any more once there is something newer to tell of the same spell. */
async function enqueue(db: Transaction<Tables>, notice: FreshNotice): Promise<void> {
  const spell = rowOfSpell(notice);
  const known = await ofSpell(db, spell).execute();
  await remove(
    db,
    known.filter(one => isWaiting(one) && !isBegun(one)),
  );
  // Nobody is told that something is over of which they never heard.
  if (notice.kind === 'recovered' && !known.some(isBegun)) return;
  const number = await nextNumber(db, 'notices');
  const { id, kind, content } = notice;
  const at = notice.at.getTime();
  const row = { number, id, ...spell, kind, at, content, attempts: 0, due: at, claimed: null, maybe: 0 };
  await db
    .insertInto('notices')
    .values({ ...row, outcome: '', ended: null })
    .execute();
}

async function remove(db: Kysely<Tables>, rows: readonly NoticeRow[]): Promise<void> {
  if (rows.length === 0) return;
  const numbers = rows.map(one => one.number);
  await db.deleteFrom('notices').where('number', 'in', numbers).execute();
}

async function claimNext(
  db: Kysely<Tables>,
  channel: string,
  { now, until }: { now: Date; until: Date },
): Promise<WaitingNotice | undefined> {
  const moment = now.getTime();
  const waiting = await db
    .selectFrom('notices')
    .selectAll()
    .where('channel', '=', channel)
    .where('outcome', '=', '')
    .orderBy('number')
    .execute();
  const isOver = (time: number) => time <= moment || time > moment + LONGEST_WAIT;
  const free = firstOfSpells(waiting).filter(one => isOver(one.due) && isOver(one.claimed ?? 0));
  for (const one of free) if (await claim(db, one, until)) return waitingNotice(one);
  return undefined;
}

/** That something is over is told after that it was. */
function firstOfSpells(rows: readonly NoticeRow[]): NoticeRow[] {
  const seen = new Set<string>();
  return rows.filter(({ subject, entered }) => {
    const spell = `${entered} ${subject}`;
    return !seen.has(spell) && seen.add(spell);
  });
}

/** False when somebody else was faster. A claim that ran out belonged to somebody who died, perhaps after sending. */
async function claim(db: Kysely<Tables>, { number, claimed, maybe }: NoticeRow, until: Date): Promise<boolean> {
  const free = db.updateTable('notices').where('number', '=', number).where('outcome', '=', '');
  const ours = claimed === null ? free.where('claimed', 'is', null) : free.where('claimed', '=', claimed);
  const values = { claimed: until.getTime(), maybe: claimed === null ? maybe : 1 };
  return (await ours.set(values).executeTakeFirst()).numUpdatedRows === 1n;
}

const waitingNotice = (row: NoticeRow): WaitingNotice => ({
  number: row.number,
  id: row.id,
  channel: row.channel,
  subject: row.subject,
  entered: new Date(row.entered),
  kind: row.kind as WaitingNotice['kind'],
  at: new Date(row.at),
  content: row.content,
  attempts: row.attempts,
  maybe: isBegun(row),
});

type End = Pick<NoticeRow, 'outcome' | 'ended'>;

async function settle(db: Kysely<Tables>, number: number, end: End): Promise<void> {
  await db
    .updateTable('notices')
    .set({ ...end, claimed: null })
    .where('number', '=', number)
    .where('outcome', '=', '')
    .execute();
}

async function postpone(
  db: Transaction<Tables>,
  { number, attempts, ...spell }: WaitingNotice,
  { due, maybe }: { due: Date; maybe: boolean },
): Promise<boolean> {
  const values = { attempts: attempts + 1, due: due.getTime(), claimed: null, ...(maybe ? { maybe: 1 } : {}) };
  await db.updateTable('notices').set(values).where('number', '=', number).where('outcome', '=', '').execute();
  const all = await ofSpell(db, { ...spell, entered: spell.entered.getTime() }).execute();
  const [own, newer] = [all.find(one => one.number === number), all.filter(one => one.number > number)];
  if (!own || newer.length === 0 || isBegun(own)) return true;
  const isUnheard = !all.some(one => one.number < number && isBegun(one));
  await remove(db, [own, ...newer.filter(one => isUnheard && one.kind === 'recovered' && !isBegun(one))]);
  return false;
}

/** Nothing is written where there is nothing to forget: every write makes others look anew at what is served. */
async function forget(db: Kysely<Tables>, channels: readonly string[], now: Date): Promise<void> {
  const [old, unknown] = [now.getTime() - KEPT, now.getTime() - UNKNOWN];
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where(is =>
      is.or([
        is('ended', '<', old),
        is.and([is('outcome', '=', ''), is('channel', 'not in', ['', ...channels]), is('at', '<', unknown)]),
      ]),
    )
    .execute();
  if (rows.length === 0) return;
  const standing = (await statesIn(db)).filter(one => one.standing);
  const stands = (row: NoticeRow) =>
    standing.some(one => one.subject === row.subject && one.entered?.getTime() === row.entered);
  // Whether they were told of what stands decides whether they will be told that it is over.
  await remove(
    db,
    rows.filter(row => isWaiting(row) || !stands(row)),
  );
}
