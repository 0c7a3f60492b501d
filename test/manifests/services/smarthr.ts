import type { Seen, Service } from '../contract.ts';
import { idOf, isInTwo, members, startSmarthr, unitId, units, VALUES } from '../peers/smarthr.ts';
import { codeOf, type Member } from '../peers/staff.ts';

function unitsOf(one: Member): string[] {
  if (one.number % 70 === 0) return [];
  const ids = [unitId(one.unit.code), ...(isInTwo(one) ? [unitId('HQ')] : [])];
  return [...new Set(ids)];
}

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: one.email,
  email: one.email,
  nick_name: `${one.family} ${one.given}`,
  ad_no: codeOf(one),
  phone2: one.mobile,
  gender: one.number % 30 === 0 ? undefined : one.gender,
  departments: unitsOf(one),
  active: !one.left,
});

export const smarthr: Service = {
  manifest: 'smarthr.json',
  origins: ['https://acme.smarthr.jp'],
  values: VALUES,
  start: startSmarthr,
  people: members.map(seen),
  departments: units.map(({ code, name, parent }) => ({
    group_no: unitId(code),
    display_name: name,
    parent_group_no: parent === undefined ? '' : unitId(parent),
  })),
  asksForPeople: ({ path }) => path === '/api/v1/crews',
  pages: 3,
  counted: true,
  limit: { allowed: 1, waits: [1, 1, 1, 1, 1] },
  failure: { page: 2, says: /status 403: .*forbidden.*アクセス権限がありません/ },
  refusal: { values: { TOKEN: 'not-the-access-token' }, says: /status 401: .*無効なアクセストークンです/ },
  secrets: [VALUES.TOKEN],
};
