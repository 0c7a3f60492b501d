import { scaleLinear } from 'd3-scale';
import { type Html, html } from '../html.ts';
import { type Panel, rounded } from './curves.ts';
import type { Places } from './places.ts';

/** How many changes of each kind a snapshot brought. */
export interface Stack {
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  readonly renamed: number;
}

/** What is drawn above the line, from it upwards; what is removed is drawn below. */
const UP = ['added', 'renamed', 'modified'] as const;

/** Pixels that anything at all is shown with. */
const LEAST = 1.5;
/** Bars of more than so many times the usual are cut off: the first snapshot adds everybody. */
const UNUSUAL = 12;

/** Draws the bars of one snapshot. */
export type DrawBars = (stack: Stack, middle: number) => Html;

/** Bars for the changes of each snapshot, on one scale for all of them. */
export function bars(stacks: readonly Stack[], panel: Panel, { bar }: Places): { draw: DrawBars; zero: number } {
  const up = limitOf(stacks.map(upOf));
  const down = limitOf(stacks.map(({ removed }) => removed));
  const y = scaleLinear([-down, up], [panel.bottom, panel.top]);
  const zero = rounded(y(0));
  const height = (count: number) => (count === 0 ? 0 : Math.max(LEAST, zero - y(count)));
  const draw: DrawBars = (stack, middle) => {
    const left = rounded(middle - bar / 2);
    const cut = Math.min(1, up / Math.max(1, upOf(stack)));
    const room = zero - panel.top;
    let top = zero;
    const above = UP.map(kind => {
      const tall = Math.min(height(stack[kind] * cut), Math.max(0, room - (zero - top)));
      top -= tall;
      return rect(kind, { left, top, bar, tall });
    });
    const deep = Math.min(height(Math.min(stack.removed, down)), panel.bottom - zero);
    return html`${above}${rect('removed', { left, top: zero, bar, tall: deep })}${
      cut < 1 && html`<path class="beyond" d="${arrow(middle, panel.top, -1)}"/>`
    }${stack.removed > down && html`<path class="beyond" d="${arrow(middle, panel.bottom, 1)}"/>`}`;
  };
  return { draw, zero };
}

const upOf = ({ added, modified, renamed }: Stack): number => added + modified + renamed;

/** The largest number that is drawn in full; the first snapshot, against which everything is new, decides only alone. */
function limitOf(counts: readonly number[]): number {
  const usual = counts
    .slice(counts.length > 1 ? 1 : 0)
    .filter(count => count > 0)
    .sort((a, b) => a - b);
  const middle = usual[Math.floor(usual.length / 2)] ?? 1;
  return Math.max(1, Math.min(usual.at(-1) ?? 1, middle * UNUSUAL));
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly bar: number;
  readonly tall: number;
}

const rect = (kind: string, { left, top, bar, tall }: Box): Html | undefined =>
  tall > 0
    ? html`<rect class="bar ${kind}" x="${left}" y="${rounded(top)}" width="${bar}" height="${rounded(tall)}"/>`
    : undefined;

/** A small arrow, `way` -1 for up and 1 for down, with its point outside. */
export const arrow = (middle: number, edge: number, way: 1 | -1): string =>
  `M${rounded(middle - 4)} ${edge + way}h8l-4 ${5 * way}z`;
