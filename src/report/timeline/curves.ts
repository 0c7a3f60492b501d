import { scaleLinear } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import { type Html, html, plain } from '../html.ts';
import type { Reader } from '../reader.ts';
import type { Places } from './places.ts';

/** Where something is from top to bottom. */
export interface Panel {
  readonly top: number;
  readonly bottom: number;
}

/** Pixels for each number at the side. */
const LABEL = 20;
/** A share of the largest number: where numbers differ by less, the picture does not begin at nothing. */
const FLAT = 0.3;

/** How many there are of something over time. It stays what it was until the next snapshot. */
export function curve(
  counts: readonly number[],
  places: Places,
  { panel, reader }: { panel: Panel; reader: Reader },
): Html {
  const y = scaleLinear(domainOf(counts), [panel.bottom, panel.top]).nice(3);
  const points = counts.map((count, at): [number, number] => [places.columns[at] ?? places.left, y(count)]);
  const [, end = 0] = points.at(-1) ?? [];
  const all: [number, number][] = [...points, [places.right, end]];
  const [lowest = 0] = y.domain();
  const ticks = y.ticks(Math.max(2, Math.floor((panel.bottom - panel.top) / LABEL))).filter(Number.isInteger);
  const below = area<[number, number]>()
    .y0(panel.bottom)
    .y1(point => point[1])
    .curve(curveStepAfter);
  return html`<g class="curve" aria-hidden="true">
${ticks.map(
  tick =>
    html`<path class="tick" d="M${places.left} ${rounded(y(tick))}H${places.right}"/><text x="${places.left - 8}" y="${rounded(y(tick)) + 4}" text-anchor="end">${plain(reader.number(tick))}</text>`,
)}
${lowest === 0 && html`<path class="area" d="${below.digits(1)(all) ?? ''}"/>`}
<path class="line" d="${line<[number, number]>().curve(curveStepAfter).digits(1)(all) ?? ''}"/>
</g>`;
}

export const rounded = (pixels: number): number => Math.round(pixels * 10) / 10;

/** From nothing on, unless the numbers are so close together that nothing could be seen then. */
function domainOf(counts: readonly number[]): [number, number] {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const least = counts.reduce((a, b) => Math.min(a, b), most);
  const differ = most - least;
  if (differ === 0 || differ > most * FLAT) return [0, Math.max(1, most)];
  return [Math.max(0, least - differ * 0.25), most + differ * 0.1];
}
