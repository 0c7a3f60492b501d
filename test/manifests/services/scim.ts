import type { Seen, Service } from '../contract.ts';
import { groupOf, idOf, members, startScim, VALUES } from '../peers/scim.ts';
import { codeOf, type Member, UNITS } from '../peers/staff.ts';

function nameOf({ number, given, family, unit }: Member): string {
  if (number % 2 === 0) return `${given} (${unit.code})`;
  return number % 4 === 1 ? `${family}, ${given}` : `${given} ${family}`;
}

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: `p${one.number}`,
  email: one.email,
  nick_name: nameOf(one),
  ad_no: codeOf(one),
  company: 'Acme Ltd.',
  phone1: one.phone,
  phone2: one.mobile,
  departments: [groupOf(one.unit.code)],
  active: !one.left,
});

export const scim: Service = {
  manifest: 'scim.json',
  origins: ['https://scim.acme.example'],
  values: VALUES,
  start: startScim,
  people: members.map(seen),
  departments: UNITS.map(({ code, name }) => ({ group_no: groupOf(code), display_name: name, parent_group_no: '' })),
  asksForPeople: ({ path }) => path === '/scim/v2/Users',
  pages: 4,
  counted: true,
  limit: { allowed: 1, waits: [10, 10, 10, 10, 10, 10, 10] },
  failure: { page: 2, says: /status 403: .*Operation is not permitted for this account/ },
  refusal: { values: { TOKEN: 'not-the-bearer-token' }, says: /status 401: .*Authorization failure/ },
  secrets: [VALUES.TOKEN],
};
