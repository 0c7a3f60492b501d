import type { Seen, Service } from '../contract.ts';
import { idOf, isWithoutDepartment, members, startPersonio, VALUES } from '../peers/personio.ts';
import type { Member } from '../peers/staff.ts';

const seen = (one: Member): Seen => ({
  key: String(idOf(one)),
  username: one.email,
  email: one.email,
  nick_name: `${one.given} ${one.family}`,
  ad_no: String(idOf(one)),
  company: 'Acme GmbH',
  gender: one.gender,
  departments: isWithoutDepartment(one) ? [] : [one.unit.name],
  active: !one.left,
});

export const personio: Service = {
  manifest: 'personio.json',
  origins: ['https://api.personio.de'],
  values: VALUES,
  start: startPersonio,
  people: members.map(seen),
  asksForPeople: ({ path }) => path === '/v1/company/employees',
  pages: 3,
  counted: true,
  limit: { allowed: 1, waits: [2, 2, 2] },
  token: { asks: ({ path }) => path === '/v1/auth', seconds: 86_400 },
  failure: { page: 2, says: /status 403: .*The credentials may not read employees/ },
  refusal: { values: { CLIENT_SECRET: 'not-the-client-secret' }, says: /status 403: .*Wrong credentials/ },
  secrets: [VALUES.CLIENT_SECRET],
};
