import type { Served } from '../served.ts';
import { type Look, shownName } from './look.ts';
import { minuteIn } from './time.ts';

/** When and to whom both were delivered, and, where nothing changed between them, when something last did. */
export function servedText({ last, previous, other }: Served, look: Look): string[] {
  const when = (one: { readonly at: Date }) => minuteIn(look.zone, one.at);
  const before = previous ? `; before that at ${when(previous)}` : ', for the first time';
  const lines = [`delivered to ${shownName(last.client, look)} at ${when(last)}${before}`];
  if (!other || previous?.snapshot !== last.snapshot) return lines;
  const hint = `"rosterd diff ${other.snapshot} ${last.snapshot}" shows what changed since`;
  return [...lines, `the last delivery of another snapshot was that of ${other.snapshot}, at ${when(other)}: ${hint}`];
}
