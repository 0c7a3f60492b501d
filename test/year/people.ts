import { telephone, type Worker } from './company.ts';
import { anyDepartment, busy, type Day, isFirm, leaver, SETTLING, someone, to } from './day.ts';

/** What happens to people who are who they say. */

export function hire(day: Day): boolean {
  return to(anyDepartment(day), unit => day.company.hire('hr', unit.code, { freeOn: day.number + SETTLING }));
}

export function leave(day: Day): boolean {
  return to(someone(day), one => {
    one.leaves = day.date(day.chance.below(12));
  });
}

export function vanish(day: Day): boolean {
  return to(someone(day), one => {
    one.standing = 'deleted';
  });
}

export function telephoned(day: Day): boolean {
  return to(someone(day), one => {
    one.tel = telephone(day.company.next());
  });
}

export function move(day: Day): boolean {
  return to(someone(day), one => {
    one.department = anyDepartment(day)?.code ?? one.department;
    one.also = one.also.filter(code => code !== one.department);
  });
}

export function joinAnother(day: Day): boolean {
  return to(someone(day), one => {
    const other = anyDepartment(day, unit => unit.code !== one.department);
    one.also = other && one.also.length === 0 ? [other.code] : [];
  });
}

export function renameAccount(day: Day): boolean {
  return to(someone(day, isFirm), one => {
    one.account = `renamed${day.company.next()}`;
  });
}

export function marry(day: Day): boolean {
  return to(someone(day, isFirm), one => {
    const number = day.company.next();
    one.name = `陳美玲 ${number}`;
    one.mail = `married${number}@acme.example`;
  });
}

/** Whoever had the email of a colleague when they left does not come back by themselves: the email was somebody else's, too. */
const mayReturn = ({ company }: Day, one: Worker) => !company.passedOn.has(one.mail);

export function rehire(day: Day): boolean {
  return to(
    leaver(day, one => mayReturn(day, one)),
    one => {
      one.leaves = undefined;
    },
  );
}

/** The old row stays, as that of somebody who left. */
export function rehireAnew(day: Day): boolean {
  const { company } = day;
  const one = leaver(day, ({ account, username }) => account === username);
  if (!one || !mayReturn(day, one)) return false;
  const { account, mail, name, sex } = one;
  one.freeOn = Number.POSITIVE_INFINITY;
  company.hire('hr', one.department, { account, mail, name, sex, rekeyed: true });
  return true;
}

/** The address of a desk goes to a colleague, and their own, one time in three, on to a third. */
export function handOver(day: Day): boolean {
  const [first, second] = [someone(day, isFirm), someone(day, isFirm)];
  const third = day.chance.below(3) === 0 ? someone(day, isFirm) : undefined;
  if (!first || !second || first === second || third === first || third === second) return false;
  day.company.passedOn.add(first.mail).add(second.mail);
  if (third) third.mail = second.mail;
  second.mail = first.mail;
  first.mail = `own${day.company.next()}@acme.example`;
  busy(day, first, second, ...(third ? [third] : []));
  return true;
}

export function hireContractor(day: Day): boolean {
  return to(anyDepartment(day), unit => day.company.hire('contractors', unit.code));
}

export function endContract(day: Day): boolean {
  return to(
    someone(day, ({ system }) => system === 'contractors'),
    one => {
      one.leaves = day.date();
    },
  );
}
