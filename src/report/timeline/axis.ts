import { scaleUtc } from 'd3-scale';
import { type Html, html, plain } from '../html.ts';
import type { Reader } from '../reader.ts';
import type { Places } from './places.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The least distance between two labels, in pixels. */
const LABEL = 76;
const TICKS = 12;

/** The times below the columns, and a line at each through all that is above. */
export function axis(places: Places, { top, bottom }: { top: number; bottom: number }, reader: Reader): Html {
  const { span } = places;
  const label = reader.dated(labelParts(span[1].getTime() - span[0].getTime()));
  let last = Number.NEGATIVE_INFINITY;
  const ticks = ticksOf(span, reader).flatMap(time => {
    const x = Math.round(places.at(time));
    if (x < last + LABEL || x < places.left || x > places.right) return [];
    last = x;
    return [{ x, text: label(time) }];
  });
  return html`<g class="axis" aria-hidden="true">
<path class="base" d="M${places.left} ${bottom}H${places.right}"/>
${ticks.map(
  ({ x, text }) =>
    html`<path class="tick" d="M${x} ${top}V${bottom + 5}"/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${plain(text)}</text>`,
)}
</g>`;
}

function labelParts(length: number): Intl.DateTimeFormatOptions {
  if (length < 2 * DAY) return { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return length < 200 * DAY ? { day: 'numeric', month: 'short' } : { month: 'short', year: 'numeric' };
}

/** Round times as the clocks of the report's zone show them. */
function ticksOf([first, last]: readonly [Date, Date], reader: Reader): Date[] {
  const offset = offsetOf(reader);
  const shifted = (time: Date) => new Date(time.getTime() + offset(time));
  return scaleUtc([shifted(first), shifted(last)], [0, 1])
    .ticks(TICKS)
    .map(time => new Date(time.getTime() - offset(time)));
}

/** By how many milliseconds the zone's clocks are ahead of UTC at a time. */
function offsetOf(reader: Reader): (time: Date) => number {
  const parts = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const local = reader.clock(parts);
  return time => {
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = local(time);
    const shown = Date.UTC(year, month - 1, day, hour, minute);
    return shown - Math.floor(time.getTime() / MINUTE) * MINUTE;
  };
}
