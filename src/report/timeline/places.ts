import { type ScaleTime, scaleUtc } from 'd3-scale';
import type { ReportData } from '../data.ts';

/** Where things are from left to right, in pixels of the picture. */
export interface Places {
  readonly width: number;
  readonly left: number;
  readonly right: number;
  /** The middle of each snapshot's column, in their order. */
  readonly columns: readonly number[];
  /** How wide the bars are. */
  readonly bar: number;
  /** The first and the last time that there is a place for. */
  readonly span: readonly [Date, Date];
  /** The place of any time between the first and the last. */
  at(time: Date): number;
}

/** Room for the numbers on the left, and for half a label on the right. */
const LEFT = 64;
const RIGHT = 22;
/** As wide as a page is read at; more only where bars would be thinner than {@link THIN}. */
const WIDTH = 1100;
const THIN = 3;
const THICK = 14;
/** Of all the room: what bars may take at most where there is enough of it, so that times stay where they are. */
const SHARE = 0.6;
const HALF_DAY = 12 * 60 * 60 * 1000;

/**
 * By time, as far as there is room: snapshots that are too close together for bars are moved apart, and whatever else has a
 * time moves with its neighbours.
 */
export function placesOf({
  snapshots,
  runs,
  deliveries,
}: Pick<ReportData, 'snapshots' | 'runs' | 'deliveries'>): Places {
  const times = snapshots.map(({ at }) => new Date(at));
  const all = [...times, ...runs.map(run => new Date(run.started)), ...deliveries.map(({ at }) => new Date(at))];
  const span = spanOf(all);
  const width = Math.max(WIDTH, LEFT + RIGHT + times.length * THIN);
  const right = width - RIGHT;
  const room = right - LEFT;
  const apart = Math.min(THICK, Math.max(THIN, Math.floor((SHARE * room) / Math.max(1, times.length))));
  const straight = scaleUtc(span, [LEFT + apart / 2, right - apart / 2]);
  const columns = spread(
    times.map(time => straight(time)),
    { apart, left: LEFT + apart / 2, right: right - apart / 2 },
  );
  const bent = bend(straight, times, columns);
  return {
    width,
    left: LEFT,
    right,
    columns,
    bar: apart > THIN + 1 ? apart - 2 : apart,
    span,
    at: time => bent(time),
  };
}

function spanOf(times: readonly Date[]): [Date, Date] {
  const numbers = times.map(Number);
  const first = numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0);
  const last = numbers.reduce((a, b) => Math.max(a, b), numbers[0] ?? 0);
  return first === last ? [new Date(first - HALF_DAY), new Date(last + HALF_DAY)] : [new Date(first), new Date(last)];
}

interface Bounds {
  /** The least distance between two. */
  readonly apart: number;
  readonly left: number;
  readonly right: number;
}

/** Moves places apart as little as that takes: to the right where they are too close, and back where there is no room left. */
export function spread(ideal: readonly number[], { apart, left, right }: Bounds): number[] {
  const places: number[] = [];
  for (const place of ideal) places.push(Math.max(place, (places.at(-1) ?? left - apart) + apart));
  let most = right;
  for (let at = places.length - 1; at >= 0; at--) {
    places[at] = Math.min(places[at] ?? most, most);
    most = (places[at] ?? most) - apart;
  }
  return places;
}

/** The scale on which each snapshot is where its column is, and what is between two snapshots is between their columns. */
function bend(straight: ScaleTime<number, number>, times: readonly Date[], columns: readonly number[]) {
  const [first = new Date(0), last = first] = straight.domain();
  const [left = 0, right = 0] = straight.range();
  const ends = [
    { time: first, place: left },
    ...times.map((time, at) => ({ time, place: columns[at] ?? left })),
    { time: last, place: right },
  ];
  const kept = rising(ends);
  return scaleUtc(
    kept.map(({ time }) => time),
    kept.map(({ place }) => place),
  ).clamp(true);
}

/** Without those that are not later than one before them: clocks may have been put back, and a scale must not go back. */
function rising<One extends { readonly time: Date }>(ones: readonly One[]): One[] {
  const kept: One[] = [];
  for (const one of ones) {
    const last = kept.at(-1);
    if (!last || last.time < one.time) kept.push(one);
  }
  return kept;
}
