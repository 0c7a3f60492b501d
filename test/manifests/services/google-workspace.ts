import type { Seen, Service } from '../contract.ts';
import { idOf, members, OTHER_KEY, ROOT, startGoogle, unitId, VALUES } from '../peers/google.ts';
import { codeOf, type Member, UNITS } from '../peers/staff.ts';

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: one.email,
  email: one.email,
  nick_name: `${one.given} ${one.family}`,
  ad_no: one.number % 13 === 0 ? undefined : codeOf(one),
  company: 'Acme Ltd.',
  phone1: one.phone,
  phone2: one.mobile,
  gender: one.gender,
  departments: [one.number === 1 ? ROOT.id : unitId(one.unit.code)],
  active: !one.left,
});

export const google: Service = {
  manifest: 'google-workspace.json',
  origins: ['https://oauth2.googleapis.com', 'https://admin.googleapis.com'],
  values: VALUES,
  start: startGoogle,
  people: members.map(seen),
  departments: [
    { group_no: ROOT.id, display_name: ROOT.name, parent_group_no: '' },
    ...UNITS.map(({ code, name, parent }) => ({
      group_no: unitId(code),
      display_name: name,
      parent_group_no: parent === undefined ? ROOT.id : unitId(parent),
    })),
  ],
  asksForPeople: ({ path }) => path.endsWith('/users'),
  pages: 3,
  limit: { allowed: 1, waits: [2, 2, 2, 2] },
  token: { asks: ({ path }) => path === '/token', seconds: 3599 },
  failure: { page: 2, says: /Notation 'users' not in .*403.*Not Authorized to access this resource\/api/ },
  refusal: { values: { PRIVATE_KEY: OTHER_KEY }, says: /status 400: .*invalid_grant.*Invalid JWT Signature/ },
  secrets: ['PRIVATE KEY', VALUES.PRIVATE_KEY.slice(40, 80)],
};
