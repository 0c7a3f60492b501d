import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, numberIn, originOf, Pages } from './service.ts';
import { codeOf, type Member, staff, teams, UNITS, type Unit } from './staff.ts';

/**
 * SmartHR's API v1: crews and departments, with page and per_page, X-Total-Count and Link. After
 * developer.smarthr.jp/api/about_api and its references of 従業員 and 部署.
 */

const TOKEN = 'shr_4711_smarthr_access_token';
export const VALUES = { TENANT: 'acme', TOKEN };

const MOST = 100;
const USUAL = 10;

export const members = staff(230);

export const idOf = ({ number }: Member) => `0723a1df-${String(number).padStart(4, '0')}`;
export const unitId = (code: string) => `c16d1f5f-${code}`;

type Block = Readonly<Record<string, unknown>>;

/** Enough for a second page. */
export const units = [...UNITS, ...teams(110)];

const parentOf = ({ parent }: Unit) => units.find(({ code }) => code === parent);

/** With its parents, all the way up. */
function department(unit: Unit): Block {
  const parent = parentOf(unit);
  const { code, name } = unit;
  return { id: unitId(code), name, position: 1, code, parent: parent === undefined ? null : department(parent) };
}

const withChildren = (unit: Unit): Block => ({
  ...department(unit),
  children: units.filter(one => one.parent === unit.code).map(({ code, name }) => ({ id: unitId(code), name, code })),
  created_at: '2021-10-21T09:57:34.395Z',
  updated_at: '2021-10-21T09:57:34.395Z',
});

/** Who leaves later, or today, is still employed; whose day has passed may be, too, until somebody notes it. */
function employmentOf({ number, left }: Member): Block {
  if (number === 2) return { emp_status: 'employed', resigned_at: '2026-12-31' };
  if (number === 3) return { emp_status: 'employed', resigned_at: '2026-11-22' };
  if (!left) return { emp_status: number % 50 === 4 ? 'absent' : 'employed', resigned_at: null };
  if (number % 20 === 17) return { emp_status: 'employed', resigned_at: '2026-11-21' };
  return { emp_status: 'retired', resigned_at: number % 40 === 7 ? '2026-07-31' : null };
}

const crew = (one: Member): Block => ({
  id: idOf(one),
  user_id: one.number % 4 === 0 ? null : `70eb1bbb-${one.number}`,
  biz_establishment_id: null,
  emp_code: codeOf(one),
  emp_type: 'full_timer',
  ...employmentOf(one),
  last_name: one.family,
  first_name: one.given,
  business_last_name: null,
  business_first_name: null,
  gender: one.number % 30 === 0 ? null : one.gender,
  tel_number: one.mobile ?? null,
  email: `P${one.email.slice(1)}`,
  // The main one, and places for others.
  departments: one.number % 70 === 0 ? [null, null] : [department(one.unit), null, ...second(one)],
  entered_at: '2011-11-01',
  created_at: '2021-09-24T17:00:00.000Z',
  updated_at: '2021-09-24T17:00:00.000Z',
});

export const isInTwo = ({ number }: Member) => number % 25 === 0;
const second = (one: Member) => (isInTwo(one) ? UNITS.slice(0, 1).map(department) : []);

const LISTS = new Map([
  ['/api/v1/crews', members.map(crew)],
  ['/api/v1/departments', units.map(withChildren)],
]);

export function startSmarthr(conditions: Conditions) {
  const allowance = new Allowance(conditions, 1);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      return failed(response, 401, { code: 2, type: 'unauthorized_token', message: '無効なアクセストークンです' });
    }
    const taken = allowance.take();
    response.setHeader('x-rate-limit-limit', allowance.limit);
    response.setHeader('x-rate-limit-remaining', allowance.left);
    response.setHeader('x-rate-limit-reset', allowance.reset);
    if (!taken) {
      return failed(response, 429, { code: 6, type: 'too_many_requests', message: 'リクエスト制限の上限を超えました' });
    }
    const all = LISTS.get(request.path);
    if (!all || request.method !== 'GET') {
      return failed(response, 404, { code: 4, type: 'not_found', message: '見つかりません' });
    }
    const isCrews = request.path.endsWith('/crews');
    if (isCrews && !pages.give()) {
      return failed(response, 403, { code: 3, type: 'forbidden', message: 'アクセス権限がありません' });
    }
    return list(request, response, isCrews ? pages.of(all) : all);
  });
}

function list(request: PeerRequest, response: ServerResponse, all: readonly Block[]) {
  const size = numberIn(request.query.get('per_page'), USUAL) ?? 0;
  const page = numberIn(request.query.get('page'), 1) ?? 0;
  if (size < 1 || size > MOST || page < 1) {
    return failed(response, 400, { code: 1, type: 'bad_request', message: `per_pageは1から${MOST}までです` });
  }
  const last = Math.max(1, Math.ceil(all.length / size));
  const relations = { first: 1, prev: page - 1, next: page + 1, last };
  const links = Object.entries(relations)
    .filter(([, number]) => number >= 1 && number <= last)
    .map(([relation, number]) => `<${linkTo(request, number)}>; rel="${relation}"`);
  const headers = { 'x-total-count': String(all.length), link: links.join(', ') };
  return json(response, 200, all.slice((page - 1) * size, page * size), headers);
}

function linkTo(request: PeerRequest, page: number): string {
  const query = new URLSearchParams(request.query);
  query.set('page', String(page));
  return `${originOf(request)}${request.path}?${query}`;
}

const failed = (response: ServerResponse, status: number, error: Block) =>
  json(response, status, { ...error, errors: null });
