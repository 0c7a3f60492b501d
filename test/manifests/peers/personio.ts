import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, numberIn, objectIn, Pages, Tokens } from './service.ts';
import { type Member, staff } from './staff.ts';

/**
 * Personio's API v1: POST /v1/auth and GET /v1/company/employees, at most 100 a page and 15 a second. After
 * developer.personio.de/reference/get_company-employees, /docs/pagination-adoption-guide-for-v1-get-employees-endpoint
 * and the changes of May 2024 (limits) and of the stable tokens.
 */

const CLIENT = 'papi-4f2c0a11-client';
const SECRET = 'papi-personio-client-secret-4711';
export const VALUES = { CLIENT_ID: CLIENT, CLIENT_SECRET: SECRET };

const MOST = 100;
const USUAL = 50;

export const members = staff(250);

export const idOf = ({ number }: Member) => 2_040_000 + number;

const attribute = (label: string, value: unknown, universal_id: string | null, type = 'standard') => ({
  label,
  value,
  type,
  universal_id,
});

const block = (type: string, id: number, name: string) => ({ type, attributes: { id, name } });

const employee = (one: Member) => ({
  type: 'Employee',
  attributes: {
    id: attribute('ID', idOf(one), 'id', 'integer'),
    first_name: attribute('First name', one.given, 'first_name'),
    last_name: attribute('Last name', one.family, 'last_name'),
    email: attribute('Email', `P${one.email.slice(1)}`, 'email'),
    gender: attribute('Gender', one.gender, 'gender'),
    status: attribute('Status', statusOf(one), 'status'),
    termination_date: attribute('Termination date', one.left ? '2026-07-31T00:00:00+02:00' : null, null, 'date'),
    supervisor: attribute('Supervisor', null, 'supervisor'),
    // Some are in no department.
    department: attribute('Department', departmentOf(one), 'department'),
    subcompany: attribute('Subcompany', block('Subcompany', 7, 'Acme GmbH'), 'subcompany'),
    dynamic_1146702: attribute('Mobile', one.mobile ?? '', null),
  },
});

function statusOf({ number, left }: Member): string {
  if (left) return 'inactive';
  return number % 50 === 1 ? 'onboarding' : number % 50 === 2 ? 'leave' : 'active';
}

export const isWithoutDepartment = ({ number }: Member) => number % 60 === 0;
const departmentOf = (one: Member) =>
  isWithoutDepartment(one) ? null : block('Department', one.unit.code.length, one.unit.name);

const employees = members.map(employee);

export function startPersonio(conditions: Conditions) {
  const tokens = new Tokens(conditions, 86_400);
  const allowance = new Allowance(conditions, 1);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.path === '/v1/auth' && request.method === 'POST') return auth(request, response, tokens);
    if (!tokens.good(request, 'Bearer')) return failed(response, 401, 'Token is not valid or has expired');
    if (!allowance.take()) return failed(response, 429, 'Too many requests');
    if (request.path !== '/v1/company/employees' || request.method !== 'GET') return failed(response, 404, 'Not found');
    if (!pages.give()) return failed(response, 403, 'The credentials may not read employees');
    return list(request, response, pages.of(employees));
  });
}

function list({ query }: PeerRequest, response: ServerResponse, all: readonly unknown[]) {
  const limit = numberIn(query.get('limit'), USUAL) ?? 0;
  const offset = numberIn(query.get('offset'), 0);
  if (limit < 1 || limit > MOST || offset === undefined)
    return failed(response, 422, `The limit must be from 1 to ${MOST}`);
  return json(response, 200, {
    success: true,
    metadata: {
      total_elements: all.length,
      current_page: Math.floor(offset / limit),
      total_pages: Math.ceil(all.length / limit),
    },
    offset,
    limit,
    data: all.slice(offset, offset + limit),
  });
}

function auth(request: PeerRequest, response: ServerResponse, tokens: Tokens) {
  const { client_id, client_secret } = objectIn(request) ?? {};
  if (client_id !== CLIENT || client_secret !== SECRET) return failed(response, 403, 'Wrong credentials');
  const data = { token: tokens.issue('papi-'), expires_in: 86_400, scope: 'personnel-data:employees:read' };
  return json(response, 200, { success: true, data });
}

const failed = (response: ServerResponse, code: number, message: string) =>
  json(response, code, { success: false, error: { code, message, error_data: [] } });
