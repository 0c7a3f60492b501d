import { randomUUID } from 'node:crypto';
import type { FreshNotice } from '../store/store.ts';
import type { Desk } from './announce.ts';
import type { Channel } from './channel.ts';
import { noticeOf } from './compose.ts';
import { judge, sightsOf, standingOn, type Transition } from './states.ts';

/** How often it is begun anew when somebody else has looked meanwhile; after that their look is good enough. */
const TRIES = 3;

/** Compares what was known with what is so now, and writes down what there is to tell of that. */
export async function look(desk: Desk, channels: readonly Channel[]): Promise<void> {
  const { notices } = desk.store;
  for (let time = 0; time < TRIES; time++) {
    const before = await notices.states();
    const verdicts = sightsOf(desk).map(sight => {
      const known = before.find(one => one.subject === sight.subject);
      return { ...judge(known, sight, desk.now), standing: standingOn(known, sight) };
    });
    const after = verdicts.flatMap(verdict => verdict.after ?? []);
    const standing = verdicts.flatMap(one => (one.transitions.length === 0 && one.standing) || []);
    const unheard = await noticesOfStanding(standing, desk, channels);
    // Nothing is written where nothing changes: every write makes others look anew at what is served.
    if (after.length === 0 && unheard.length === 0) return;
    const transitions = verdicts.flatMap(verdict => verdict.transitions);
    const fresh = (await Promise.all(transitions.map(one => freshNotices(one, desk, channels)))).flat();
    if (await notices.record({ before, after, fresh, unheard })) return;
  }
}

/** Whoever was not there when it began is told of what stands, such as a channel whose address was put right. */
async function noticesOfStanding(
  standing: readonly Transition[],
  desk: Desk,
  channels: readonly Channel[],
): Promise<readonly FreshNotice[]> {
  if (standing.length === 0) return [];
  const heard = await desk.store.notices.heard(standing.map(one => one.sight.subject));
  const hasHeard = ({ id }: Channel, { sight, spell }: Transition) =>
    heard.some(
      ({ channel, subject, entered }) =>
        channel === id && subject === sight.subject && entered.getTime() === spell.entered.getTime(),
    );
  const fresh = standing.map(one =>
    freshNotices(
      one,
      desk,
      channels.filter(channel => !hasHeard(channel, one)),
    ),
  );
  return (await Promise.all(fresh)).flat();
}

/** One for each channel that wants to know. Whether it heard of what is over, the store knows. */
async function freshNotices(
  transition: Transition,
  desk: Desk,
  channels: readonly Channel[],
): Promise<readonly FreshNotice[]> {
  if (channels.length === 0) return [];
  const { sight, spell } = transition;
  const notice = await noticeOf(transition, desk);
  const { kind } = notice;
  const content = JSON.stringify(notice);
  return channels
    .filter(({ config }) => config.on.includes(kind))
    .map(({ id: channel }) => {
      const about = { channel, subject: sight.subject, entered: spell.entered };
      return { id: `msg_${randomUUID()}`, ...about, kind, at: desk.now, content };
    });
}
