import type { WaitingNotice } from '../store/store.ts';
import type { Announced, Desk } from './announce.ts';
import { type Channel, type Letter, postTo } from './channel.ts';
import type { Enclose } from './enclosure.ts';
import type { Notice } from './notice.ts';
import { Undelivered } from './undelivered.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long after each failed try the next one is made, in milliseconds; after the last of these it is given up. */
export const WAITS = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR];
/** Longer than this no receiver makes us wait. */
const PATIENCE = HOUR;
/** So long nobody else tells what somebody is about to tell: longer than a whole round takes. */
export const CLAIM = 2 * MINUTE;

/** One round of telling. */
export interface Round {
  readonly desk: Desk;
  readonly enclose: Enclose;
  readonly signal: AbortSignal;
}

/**
 * Tells a channel what is due, oldest first, until there is nothing left, something fails or the round is over: what is to be
 * told after a failure waits for its turn.
 */
export async function deliver(channel: Channel, round: Round): Promise<Announced[]> {
  const { desk, signal } = round;
  const { store, now } = desk;
  const told: Announced[] = [];
  while (!signal.aborted) {
    const waiting = await store.notices.claimNext(channel.id, { now, until: new Date(now.getTime() + CLAIM) });
    if (!waiting) break;
    const announced = await deliverOne(waiting, channel, round);
    told.push(announced);
    if (announced.outcome !== 'sent') break;
  }
  return told;
}

async function deliverOne(waiting: WaitingNotice, channel: Channel, round: Round): Promise<Announced> {
  const { desk, enclose, signal } = round;
  const { id, kind, content } = waiting;
  const notice = JSON.parse(content) as Notice;
  const wording = { timezone: desk.timezone, isCurrent: await isCurrent(waiting, desk) };
  // Made now and kept nowhere: it is about what stands at this moment, and nothing else does.
  const enclosure = wording.isCurrent ? await enclose(notice, channel.config, waiting.maybe) : undefined;
  const letter = { id, notice, wording, enclosure, at: desk.now, signal };
  const result = await sent(letter, channel);
  const about = { channel: channel.name, kind };
  if (result instanceof Undelivered) return { ...about, ...(await putOff(waiting, result, desk)) };
  await desk.store.notices.sent(waiting.number, desk.now);
  return { ...about, outcome: 'sent', ...(result === undefined ? {} : { why: result }) };
}

/** Whom it did not reach, where it reached others. Whatever else goes wrong with a channel is no trouble of the others. */
async function sent(letter: Letter, { config }: Channel): Promise<string | undefined | Undelivered> {
  try {
    const post = await postTo(config);
    return await post.send(letter);
  } catch (error) {
    return error instanceof Undelivered ? error : new Undelivered((error as Error).message);
  }
}

/** What became good may be bad again, and what was bad is good or another spell of it. */
async function isCurrent({ kind, subject, entered }: WaitingNotice, { store }: Desk): Promise<boolean> {
  const state = (await store.notices.states()).find(one => one.subject === subject);
  if (kind === 'recovered') return state?.standing !== true;
  return state?.standing === true && state.entered?.getTime() === entered.getTime();
}

async function putOff(
  waiting: WaitingNotice,
  { message, maybe, forever, wait = 0 }: Undelivered,
  { store, now }: Desk,
): Promise<Pick<Announced, 'outcome' | 'why'>> {
  const pause = WAITS[waiting.attempts];
  if (forever || pause === undefined) {
    await store.notices.givenUp(waiting.number, now);
    return { outcome: 'given_up', why: message };
  }
  const due = new Date(now.getTime() + Math.max(pause, Math.min(wait, PATIENCE)));
  const stays = await store.notices.postpone(waiting, { due, maybe });
  return stays ? { outcome: 'later', why: message } : { outcome: 'given_up', why: `${message}; it is over by now` };
}
