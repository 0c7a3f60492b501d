import type { Seen, Service } from '../contract.ts';
import { members, startBamboohr, VALUES } from '../peers/bamboohr.ts';
import type { Member } from '../peers/staff.ts';

const seen = (one: Member): Seen => ({
  key: one.email,
  username: `P${one.email.slice(1)}`,
  email: `P${one.email.slice(1)}`,
  nick_name: `${one.given} ${one.family}`,
  departments: [],
  active: true,
});

export const bamboohr: Service = {
  manifest: 'bamboohr.json',
  origins: ['https://api.bamboohr.com'],
  values: VALUES,
  start: startBamboohr,
  people: members.map(seen),
  withoutLeavers: true,
  asksForPeople: ({ path }) => path.includes('/reports/'),
  pages: 1,
  limit: { allowed: 1, waits: [20] },
  failure: { page: 1, says: /status 403: .*The key may not see this report/ },
  refusal: { values: { KEY: 'not-the-api-key' }, says: /expected a success, and got status 401/ },
  secrets: [VALUES.KEY, Buffer.from(`${VALUES.KEY}:x`).toString('base64')],
};
