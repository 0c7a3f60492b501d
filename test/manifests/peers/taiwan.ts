import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, objectIn, Pages, Tokens } from './service.ts';
import { codeOf, type Member, staff, UNITS } from './staff.ts';

/**
 * An HR service as they are common in Taiwan: everything is POST with JSON, everything is answered with 200, and whether it
 * went well says `code`. No service in particular.
 */

const COMPANY = '12345678';
const ACCOUNT = 'roster-reader';
const PASSWORD = 'p@ss"word\\4711';
export const VALUES = { BASE_URL: 'https://hr.acme.example', COMPANY_ID: COMPANY, ACCOUNT, PASSWORD };

const MOST = 100;

export const members = staff(250);

export const idOf = ({ number }: Member) => `EMP-${number}`;

/** yyyy/MM/dd; some write that there is none in one way, some in another. */
function leaveDate({ number, left }: Member): string | null {
  if (left) return number % 20 === 7 ? '2026/07/31' : '2026/11/21';
  if (number === 2) return '2026/12/31';
  if (number === 3) return '2026/11/22';
  return ['', null, '0000/00/00'][number % 3] ?? null;
}

const SEX = { male: ['M', '1', '男'], female: ['F', '2', '女'] } as const;

const employee = (one: Member) => ({
  empId: idOf(one),
  empNo: codeOf(one),
  empName: `${one.family}${one.given}`,
  loginId: ` P${one.number} `,
  email: `P${one.email.slice(1)} `,
  companyName: '安可股份有限公司',
  deptNo: one.unit.code,
  officeTel: one.phone ?? '',
  ext: one.extension,
  mobile: one.mobile ?? null,
  sex: SEX[one.gender][one.number % 3],
  onboardDate: '2020/01/06',
  leaveDate: leaveDate(one),
});

const departments = UNITS.map(({ code, name, parent }, place) => ({
  deptNo: code,
  deptName: name,
  parentDeptNo: parent ?? '',
  level: parent === undefined ? 1 : 2,
  sort: place,
}));

export function startTaiwan(conditions: Conditions) {
  const tokens = new Tokens(conditions, 1800);
  const allowance = new Allowance(conditions, 3);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.method !== 'POST') return json(response, 405, { code: '9405', message: '不支援的方法', data: null });
    if (request.path === '/api/auth/login') return login(request, response, tokens);
    if (!tokens.good(request, 'Bearer'))
      return json(response, 401, { code: '1002', message: 'token 已失效', data: null });
    if (!allowance.take()) return failed(response, '9429', '系統忙碌中，請稍後再試');
    if (objectIn(request) === undefined) return failed(response, '2001', '參數錯誤：請以 JSON 傳送');
    if (request.path === '/api/department/tree') return done(response, departments);
    if (request.path !== '/api/employee/list') return failed(response, '9404', '查無此功能');
    if (!pages.give()) return failed(response, '2003', '無查詢員工資料的權限');
    return list(request, response, pages.of(members));
  });
}

function list(request: PeerRequest, response: ServerResponse, employed: readonly Member[]) {
  const { pageNo = 1, pageSize = 20, includeResigned = false } = objectIn(request) ?? {};
  if (typeof pageNo !== 'number' || typeof pageSize !== 'number' || pageSize > MOST) {
    return failed(response, '2001', `參數錯誤：pageSize 上限為 ${MOST}`);
  }
  const all = employed.filter(one => includeResigned === true || !one.left).map(employee);
  const from = (pageNo - 1) * pageSize;
  return done(response, { list: all.slice(from, from + pageSize), total: all.length, pageNo, pageSize });
}

function login(request: PeerRequest, response: ServerResponse, tokens: Tokens) {
  const { companyId, account, password } = objectIn(request) ?? {};
  if (companyId !== COMPANY || account !== ACCOUNT || password !== PASSWORD) {
    return failed(response, '1001', '帳號或密碼錯誤');
  }
  return done(response, { token: tokens.issue('tw.'), expiresIn: 1800, userName: '名冊同步' });
}

const done = (response: ServerResponse, data: unknown) => json(response, 200, { code: '0000', message: '成功', data });
const failed = (response: ServerResponse, code: string, message: string) =>
  json(response, 200, { code, message, data: null });
