import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, objectIn, Pages } from './service.ts';
import { type Member, staff } from './staff.ts';

/**
 * HiBob's POST /v1/people/search, which has no pages and leaves out what the service user may not see. After
 * apidocs.hibob.com/reference/post_people-search, /docs/people-read-api-contract, /reference/rate-limiting and
 * /reference/error-handling.
 */

const USER = 'SERVICE-4711';
const TOKEN = 'hibob-service-user-token';
export const VALUES = { SERVICE_USER_ID: USER, SERVICE_USER_TOKEN: TOKEN };

export const members = staff(300);

export const idOf = ({ number }: Member) => String(3_332_883_884_017_713_000n + BigInt(number));

/** By the ids of fields. */
const valuesOf = (one: Member): Readonly<Record<string, unknown>> => ({
  'root.id': idOf(one),
  'root.email': `P${one.email.slice(1)}`,
  'root.displayName': `${one.given} ${one.family}`,
  'root.firstName': one.given,
  'root.surname': one.family,
  'work.employeeIdInCompany': one.number,
  'work.department': one.unit.name,
  'work.title': 'Engineer',
  'work.workPhone': one.phone ?? null,
  'home.mobilePhone': one.mobile ?? null,
  'home.legalGender': one.gender === 'male' ? 'Male' : 'Female',
  'internal.status': one.left ? 'Inactive' : 'Active',
  // As people of this company write dates.
  'internal.terminationDate': one.left ? '31/07/2026' : null,
});

/** With fields that the service user may not see. */
export interface HibobConditions extends Conditions {
  readonly hidden?: readonly string[];
}

export function startHibob(conditions: HibobConditions) {
  const allowance = new Allowance(conditions, 60);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    const expected = `Basic ${Buffer.from(`${USER}:${TOKEN}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      return failed(response, 401, 'unauthorized', 'The service user or its token is not valid');
    }
    const taken = allowance.take();
    response.setHeader('x-ratelimit-limit', allowance.limit);
    response.setHeader('x-ratelimit-remaining', allowance.left);
    response.setHeader('x-ratelimit-reset', allowance.reset);
    if (!taken) return failed(response, 429, 'too_many_requests', 'Too many requests');
    if (request.path !== '/v1/people/search' || request.method !== 'POST')
      return failed(response, 404, 'not_found', 'Not found');
    if (!pages.give()) {
      return failed(response, 403, 'forbidden', 'The service user may not see employees');
    }
    return search(request, response, conditions.hidden ?? []);
  });
}

function search(request: PeerRequest, response: ServerResponse, hidden: readonly string[]) {
  const { fields, showInactive = false, humanReadable = '' } = objectIn(request) ?? {};
  if (!Array.isArray(fields) || humanReadable !== 'REPLACE') {
    return failed(response, 400, 'validations.request', 'This stand-in only knows fields with humanReadable REPLACE');
  }
  const wanted = members.filter(one => showInactive === true || !one.left);
  const shown = fields.map(String).filter(field => !hidden.includes(field));
  return json(response, 200, { employees: wanted.map(one => nested(valuesOf(one), shown)) });
}

/** Those of `root` stand at the top, all others in a block; what there is not is left out. */
function nested(values: Readonly<Record<string, unknown>>, fields: readonly string[]) {
  const employee: Record<string, unknown> = {};
  for (const field of fields) {
    const [category = '', name = ''] = field.split('.');
    const value = values[field];
    if (value === undefined || value === null) continue;
    if (category === 'root') employee[name] = value;
    else employee[category] = { ...(employee[category] as object | undefined), [name]: value };
  }
  return employee;
}

const failed = (response: ServerResponse, status: number, key: string, error: string) =>
  json(response, status, { key, error });
