import type { Seen, Service } from '../contract.ts';
import { idOf, members, startOkta, VALUES } from '../peers/okta.ts';
import { codeOf, type Member } from '../peers/staff.ts';

const nameOf = ({ number, given, family, unit }: Member) =>
  number % 3 === 0 ? `${given} ${family} (${unit.code})` : `${given} ${family}`;

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: `u${one.number}@acme.example`,
  email: one.email,
  nick_name: nameOf(one),
  ad_no: codeOf(one),
  company: 'Acme Ltd.',
  phone1: one.phone,
  phone2: one.mobile,
  departments: [one.unit.name],
  active: !one.left,
});

export const okta: Service = {
  manifest: 'okta.json',
  origins: ['https://acme.okta.com'],
  values: VALUES,
  start: startOkta,
  people: members.map(seen),
  asksForPeople: ({ path }) => path === '/api/v1/users',
  pages: 3,
  limit: { allowed: 1, waits: [60, 60, 60] },
  failure: { page: 2, says: /status 403: .*E0000006.*You do not have permission to perform the requested action/ },
  refusal: { values: { TOKEN: 'not-the-api-token' }, says: /status 401: .*E0000011.*Invalid token provided/ },
  secrets: [VALUES.TOKEN],
};
