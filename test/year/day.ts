import type { Chance } from '../support/chance.ts';
import { type Company, hasLeft, type Unit, type Worker } from './company.ts';

/** A day of the company's year, for what happens on it. */
export interface Day {
  readonly company: Company;
  readonly chance: Chance;
  /** From 0. */
  readonly number: number;
  /** `YYYY-MM-DD`, so many days from today. */
  date(ahead?: number): string;
  /** Something that follows, so many days from today. */
  later(days: number, what: (day: Day) => void): void;
}

/** Something that may happen on any day; false when there was nobody whom it could happen to. */
export type Event = (day: Day) => boolean;

/** Long enough for what waits for a delivery to have come about before anything else happens to the same people. */
export const SETTLING = 9;

export const busy = (day: Day, ...workers: readonly Worker[]) => {
  for (const one of workers) one.freeOn = day.number + SETTLING;
};

const isFree = ({ number }: Day, one: Worker) => one.freeOn <= number && one.standing === 'listed';

/** Somebody who is there, goes on being there, and to whom nothing else is just happening. */
export function someone(day: Day, fits: (one: Worker) => boolean = ofHr): Worker | undefined {
  const { company, chance } = day;
  return chance.pick(company.workers.filter(one => isFree(day, one) && one.leaves === undefined && fits(one)));
}

export const ofHr = ({ system }: Worker) => system === 'hr';
/** Somebody who is known by their key. */
export const isFirm = (one: Worker) => ofHr(one) && !one.rekeyed;

/** Somebody of the personnel database who left days ago. */
export function leaver(day: Day, fits: (one: Worker) => boolean = () => true): Worker | undefined {
  const { company, chance } = day;
  const isGone = (one: Worker) => isFree(day, one) && ofHr(one) && hasLeft(one, day.date(-3));
  return chance.pick(company.workers.filter(one => isGone(one) && fits(one)));
}

/** Any department; undefined where none fits. */
export const anyDepartment = ({ company, chance }: Day, fits: (unit: Unit) => boolean = () => true): Unit | undefined =>
  chance.pick([...company.units.values()].filter(fits));

/** Does something to somebody, if there is anybody. */
export function to<One>(one: One | undefined, what: (one: One) => void): boolean {
  if (one !== undefined) what(one);
  return one !== undefined;
}
