import type { Worker } from './company.ts';
import { busy, type Day, isFirm, leaver, someone, to } from './day.ts';

/** Keys and emails that go to people whose they are not; somebody notices days later, and puts it right. */

/** Somebody new gets the key of somebody else, and another one when that was noticed. */
function recycle(day: Day, one: Worker, standing: 'deleted' | 'usurped'): void {
  const { company, chance } = day;
  one.standing = standing;
  one.freeOn = Number.POSITIVE_INFINITY;
  const stranger = company.hire('hr', one.department, { id: one.id, standing: 'refused' });
  day.later(3 + chance.below(6), () => {
    one.standing = 'deleted';
    stranger.id = `${company.next()}`;
    stranger.standing = 'listed';
  });
}

export function recycleLeaver(day: Day): boolean {
  return to(leaver(day, isFirm), one => recycle(day, one, 'deleted'));
}

export function recycleServed(day: Day): boolean {
  return to(someone(day, isFirm), one => recycle(day, one, 'usurped'));
}

export function reuseEmail(day: Day): boolean {
  const { company, chance } = day;
  return to(leaver(day), one => {
    one.freeOn = Number.POSITIVE_INFINITY;
    const newcomer = company.hire('hr', one.department, { mail: one.mail, standing: 'refused' });
    day.later(2 + chance.below(6), () => {
      newcomer.mail = `${newcomer.account}@acme.example`;
      newcomer.standing = 'listed';
    });
  });
}

export function inheritEmail(day: Day): boolean {
  const [gone, heir] = [leaver(day), someone(day, isFirm)];
  if (!gone || !heir) return false;
  gone.freeOn = Number.POSITIVE_INFINITY;
  busy(day, heir);
  heir.claims = gone.mail;
  day.later(2 + day.chance.below(6), () => {
    heir.claims = undefined;
  });
  return true;
}
