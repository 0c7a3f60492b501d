import type { Seen, Service } from '../contract.ts';
import { codeOf, type Member, UNITS } from '../peers/staff.ts';
import { idOf, members, startTaiwan, VALUES } from '../peers/taiwan.ts';

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: `p${one.number}`,
  email: one.email,
  nick_name: `${one.family}${one.given}`,
  ad_no: codeOf(one),
  company: '安可股份有限公司',
  phone1: one.phone,
  phone2: one.mobile,
  extension_no: one.extension,
  gender: one.gender,
  departments: [one.unit.code],
  active: !one.left,
});

export const taiwan: Service = {
  manifest: 'login-taiwan.json',
  origins: ['https://hr.acme.example'],
  values: VALUES,
  start: startTaiwan,
  people: members.map(seen),
  departments: UNITS.map(({ code, name, parent }) => ({
    group_no: code,
    display_name: name,
    parent_group_no: parent ?? '',
  })),
  asksForPeople: ({ path }) => path === '/api/employee/list',
  pages: 3,
  counted: true,
  limit: { allowed: 1, waits: [2, 4, 2, 4, 2, 4, 2, 4] },
  token: { asks: ({ path }) => path === '/api/auth/login', seconds: 1800 },
  failure: { page: 2, says: /and got "2003": .*無查詢員工資料的權限/ },
  refusal: {
    values: { PASSWORD: 'not-the-password' },
    says: /expected "code" to be "0000", and got "1001": .*帳號或密碼錯誤/,
  },
  secrets: [VALUES.PASSWORD, JSON.stringify(VALUES.PASSWORD).slice(1, -1)],
};
