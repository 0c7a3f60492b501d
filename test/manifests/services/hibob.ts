import type { Seen, Service } from '../contract.ts';
import { idOf, members, startHibob, VALUES } from '../peers/hibob.ts';
import type { Member } from '../peers/staff.ts';

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: one.email,
  email: one.email,
  nick_name: `${one.given} ${one.family}`,
  ad_no: String(one.number),
  phone1: one.phone,
  phone2: one.mobile,
  gender: one.gender,
  departments: [one.unit.name],
  active: !one.left,
});

export const hibob: Service = {
  manifest: 'hibob.json',
  origins: ['https://api.hibob.com'],
  values: VALUES,
  start: startHibob,
  people: members.map(seen),
  asksForPeople: ({ path }) => path === '/v1/people/search',
  pages: 1,
  limit: { allowed: 1, waits: [60] },
  failure: { page: 1, says: /status 403: .*The service user may not see employees/ },
  refusal: {
    values: { SERVICE_USER_TOKEN: 'not-the-service-users-token' },
    says: /status 401: .*The service user or its token is not valid/,
  },
  secrets: [
    VALUES.SERVICE_USER_TOKEN,
    Buffer.from(`${VALUES.SERVICE_USER_ID}:${VALUES.SERVICE_USER_TOKEN}`).toString('base64'),
  ],
};
