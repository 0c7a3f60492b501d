import type { Unit } from './company.ts';
import { anyDepartment, type Day, SETTLING, someone, to } from './day.ts';

/** What happens to departments. */

export function openDepartment(day: Day): boolean {
  const parent = anyDepartment(day, unit => day.company.depth(unit.code) < 4);
  return to(parent, ({ code }) => {
    const unit = day.company.open(code);
    const one = someone(day);
    if (one) one.department = unit.code;
  });
}

export function renameDepartment(day: Day): boolean {
  return to(anyDepartment(day), unit => {
    unit.name = `研發部 ${day.company.next()}`;
  });
}

export function moveDepartment(day: Day): boolean {
  const { company } = day;
  const unit = anyDepartment(day, ({ parent }) => parent !== '');
  const parent = anyDepartment(day, ({ code }) => unit !== undefined && !company.isWithin(code, unit.code));
  if (!unit || !parent) return false;
  unit.parent = parent.code;
  return true;
}

/** One at a time: a guard would ask about several in a week. */
export function dissolve(day: Day): boolean {
  if (day.number < day.company.nextClosing) return false;
  day.company.nextClosing = day.number + SETTLING;
  const unit = anyDepartment(day, one => one.parent !== '' && mayClose(day, one));
  return to(unit, one => close(day, one, one.parent));
}

/** Who is served as they were goes on being where they were. */
const mayClose = ({ company }: Day, { code }: Unit) =>
  !company.workers.some(one => one.standing === 'usurped' && [one.department, ...one.also].includes(code));

/** Its people go elsewhere, and the departments below it move up. */
function close({ company }: Day, { code, parent }: Unit, target: string): void {
  for (const one of company.workers) {
    if (one.department === code) one.department = target;
    one.also = one.also.filter(other => other !== code && other !== one.department);
  }
  for (const child of company.children(code)) child.parent = parent;
  company.units.delete(code);
}

/**
 * The largest division is dissolved: what is right below it moves up, and five departments at the bottom, its own before
 * others, go with it. Gives how many departments go.
 */
export function reorganise(day: Day): number {
  const { company } = day;
  const size = ({ code }: Unit) => [...company.units.keys()].filter(one => company.isWithin(one, code)).length;
  const divisions = company.children('HQ').filter(unit => mayClose(day, unit));
  const [division] = divisions.toSorted((a, b) => size(b) - size(a));
  if (!division) return 0;
  const isBottom = ({ code }: Unit) => company.children(code).length === 0;
  const distance = ({ code }: Unit) => (company.isWithin(code, division.code) ? 0 : 1);
  const bottom = [...company.units.values()].filter(one => isBottom(one) && mayClose(day, one));
  const closing = bottom.toSorted((a, b) => distance(a) - distance(b)).slice(0, 5);
  for (const one of [...closing, division]) close(day, one, 'HQ');
  return closing.length + 1;
}
