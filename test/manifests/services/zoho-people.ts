import type { Seen, Service } from '../contract.ts';
import { codeOf, type Member } from '../peers/staff.ts';
import { idOf, members, startZoho, unitId, units, VALUES } from '../peers/zoho.ts';

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: one.email,
  email: one.email,
  nick_name: `${one.given} ${one.family}`,
  ad_no: codeOf(one),
  phone1: one.phone,
  phone2: one.mobile,
  extension_no: one.extension,
  gender: one.gender,
  departments: [unitId(one.unit.code)],
  active: !one.left,
});

export const zoho: Service = {
  manifest: 'zoho-people.json',
  origins: ['https://accounts.zoho.com', 'https://people.zoho.com'],
  values: VALUES,
  start: startZoho,
  people: members.map(seen),
  departments: units.map(({ code, name, parent }) => ({
    group_no: unitId(code),
    display_name: name,
    parent_group_no: parent === undefined ? '' : unitId(parent),
  })),
  asksForPeople: ({ path }) => path.includes('/employee/'),
  // Three with records, and one that tells the end.
  pages: 4,
  token: { asks: ({ path }) => path === '/oauth/v2/token', seconds: 3600 },
  failure: {
    page: 2,
    says: /expected "response.status" to be "0", and got 1: .*7040.*Permission denied to view records/,
  },
  refusal: { values: { REFRESH_TOKEN: '1000.not-the-refresh-token' }, says: /oauth\/v2\/token: .*invalid_code/ },
  secrets: [VALUES.CLIENT_SECRET, VALUES.REFRESH_TOKEN],
};
