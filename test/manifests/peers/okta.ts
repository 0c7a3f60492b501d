import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, numberIn, originOf, Pages } from './service.ts';
import { codeOf, type Member, staff } from './staff.ts';

/**
 * Okta's Users API: GET /api/v1/users with limit, filter and after, API tokens (SSWS), Link headers. After
 * developer.okta.com/docs/api/openapi/okta-management/management/tag/User and /docs/reference/rate-limits.
 */

const TOKEN = '00Qx8-okta-api-token-4711';
export const VALUES = { OKTA_DOMAIN: 'acme.okta.com', TOKEN };

const MOST = 200;

export const members = staff(450);

export const idOf = ({ number }: Member) => `00u${String(number).padStart(17, 'a')}`;

/** Who was never activated, who must change their password, and who has left in one way or the other. */
function statusOf({ number, left }: Member): string {
  if (left) return number % 20 === 7 ? 'SUSPENDED' : 'DEPROVISIONED';
  return number % 50 === 1 ? 'STAGED' : number % 50 === 2 ? 'PASSWORD_EXPIRED' : 'ACTIVE';
}

interface User {
  readonly id: string;
  readonly status: string;
  readonly [name: string]: unknown;
}

const user = (one: Member): User => ({
  id: idOf(one),
  status: statusOf(one),
  created: '2024-01-02T03:04:05.000Z',
  activated: null,
  statusChanged: null,
  lastLogin: null,
  lastUpdated: '2026-01-02T03:04:05.000Z',
  passwordChanged: null,
  type: { id: 'otyfnjfba4ye7pgjB0g4' },
  profile: {
    login: `U${one.number}@acme.example`,
    email: `P${one.email.slice(1)}`,
    secondEmail: null,
    firstName: one.given,
    lastName: one.family,
    // Few organisations fill it in.
    ...(one.number % 3 === 0 ? { displayName: `${one.given} ${one.family} (${one.unit.code})` } : {}),
    mobilePhone: one.mobile ?? null,
    ...(one.phone === undefined ? {} : { primaryPhone: one.phone }),
    employeeNumber: codeOf(one),
    organization: 'Acme Ltd.',
    department: one.unit.name,
  },
  credentials: { provider: { type: 'OKTA', name: 'OKTA' } },
  _links: { self: { href: `https://${VALUES.OKTA_DOMAIN}/api/v1/users/${idOf(one)}` } },
});

const users = members.map(user);

export function startOkta(conditions: Conditions) {
  const allowance = new Allowance(conditions, 60);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.headers.authorization !== `SSWS ${TOKEN}`) {
      return failed(response, 401, 'E0000011', 'Invalid token provided');
    }
    const taken = allowance.take();
    response.setHeader('x-rate-limit-limit', allowance.limit);
    response.setHeader('x-rate-limit-remaining', allowance.left);
    response.setHeader('x-rate-limit-reset', allowance.reset);
    if (!taken) {
      return failed(response, 429, 'E0000047', 'API call exceeded rate limit due to too many requests.');
    }
    if (request.path !== '/api/v1/users' || request.method !== 'GET') {
      return failed(response, 404, 'E0000022', 'The endpoint does not support the provided HTTP method');
    }
    if (!pages.give()) {
      return failed(response, 403, 'E0000006', 'You do not have permission to perform the requested action');
    }
    return list(request, response);
  });
}

function list(request: PeerRequest, response: ServerResponse) {
  const wanted = statusesIn(request.query.get('filter'));
  if (wanted === undefined) return failed(response, 400, 'E0000031', 'Invalid search criteria.');
  const limit = Math.min(numberIn(request.query.get('limit'), MOST) ?? MOST, MOST);
  const found = users.filter(({ status }) => wanted(status));
  const after = request.query.get('after');
  const from = after === null ? 0 : found.findIndex(({ id }) => id === after) + 1;
  const page = found.slice(from, from + limit);
  const links = [`<${linkTo(request, after)}>; rel="self"`];
  const last = page.at(-1);
  if (last && from + limit < found.length) links.push(`<${linkTo(request, last.id)}>; rel="next"`);
  // Okta sends a header for each of them.
  response.setHeader('link', links);
  return json(response, 200, page);
}

/** `status eq "ACTIVE" or status eq "STAGED"`; without a filter all but those that were deactivated. */
function statusesIn(filter: string | null): ((status: string) => boolean) | undefined {
  if (filter === null) return status => status !== 'DEPROVISIONED';
  const parts = filter.split(' or ').map(part => /^status eq "([A-Z_]+)"$/.exec(part)?.[1]);
  return parts.includes(undefined) ? undefined : status => parts.includes(status);
}

function linkTo(request: PeerRequest, after: string | null): string {
  const query = new URLSearchParams(request.query);
  if (after !== null) query.set('after', after);
  return `${originOf(request)}/api/v1/users?${query}`;
}

const failed = (response: ServerResponse, status: number, errorCode: string, errorSummary: string) =>
  json(response, status, { errorCode, errorSummary, errorLink: errorCode, errorId: 'oaeQx8', errorCauses: [] });
