import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, numberIn, originOf, Pages } from './service.ts';
import { codeOf, type Member, staff, UNITS } from './staff.ts';

/** A SCIM 2.0 service provider with few records a page, after RFC 7643 (sections 4.1 to 4.3) and RFC 7644 (3.4.2, 3.12). */

const TOKEN = 'scim-bearer-token-4711';
export const VALUES = { BASE_URL: 'https://scim.acme.example/scim/v2', TOKEN };

/** It gives fewer than it is asked for, as a provider may. */
const MOST = 40;
/** Groups come with all their members. */
const MOST_GROUPS = 2;

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export const members = staff(130);

export const idOf = ({ number }: Member) => `2819c223-7f76-453a-919d-${String(number).padStart(12, '0')}`;
export const groupOf = (code: string) => `e9e30dba-f08f-4109-8486-${code.padStart(12, '0')}`;

const user = (one: Member) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
  id: idOf(one),
  externalId: String(one.number),
  userName: `P${one.number}`,
  name: {
    ...(one.number % 4 === 1 ? { formatted: `${one.family}, ${one.given}` } : {}),
    givenName: one.given,
    familyName: one.family,
  },
  ...(one.number % 2 === 0 ? { displayName: `${one.given} (${one.unit.code})` } : {}),
  emails: emailsOf(one),
  ...(one.phone === undefined ? {} : { phoneNumbers: phonesOf(one) }),
  active: !one.left,
  [ENTERPRISE]: { employeeNumber: codeOf(one), organization: 'Acme Ltd.', department: one.unit.name },
  meta: { resourceType: 'User', version: 'W/"1"' },
});

/** Which of several is the one to write to is said by primary, else by its type. */
function emailsOf(one: Member) {
  const { number } = one;
  const email = `P${one.email.slice(1)}`;
  const home = { value: `home${number}@other.example`, type: 'home' };
  if (number % 3 === 0) return [home, { value: email, type: 'work' }];
  return number % 3 === 1 ? [home, { value: email, primary: true }] : [{ value: email }];
}

const phonesOf = ({ phone, mobile }: Member) => [
  { value: mobile, type: 'mobile' },
  { value: phone, type: 'work' },
];

const group = (code: string, displayName: string, home: string) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  id: groupOf(code),
  displayName,
  members: members
    .filter(one => one.unit.code === code)
    .map(one => ({ value: idOf(one), $ref: `${home}/scim/v2/Users/${idOf(one)}`, type: 'User' })),
  meta: { resourceType: 'Group' },
});

export function startScim(conditions: Conditions) {
  const allowance = new Allowance(conditions, 10);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      response.setHeader('www-authenticate', 'Bearer');
      return failed(response, 401, 'Authorization failure. The authorization header is invalid or missing.');
    }
    if (!allowance.take()) {
      response.setHeader('retry-after', allowance.wait);
      return failed(response, 429, 'Too many requests.');
    }
    const home = originOf(request);
    if (request.method !== 'GET') return failed(response, 405, `${request.method} is not supported.`);
    if (request.path === '/scim/v2/Groups') {
      const groups = UNITS.map(one => group(one.code, one.name, home));
      return list(request, response, { all: groups, most: MOST_GROUPS });
    }
    if (request.path !== '/scim/v2/Users') return failed(response, 404, `Resource ${request.path} not found.`);
    if (!pages.give()) return failed(response, 403, 'Operation is not permitted for this account.');
    return list(request, response, { all: pages.of(members).map(user), most: MOST });
  });
}

interface Resources {
  readonly all: readonly unknown[];
  /** On a page. */
  readonly most: number;
}

function list({ query }: PeerRequest, response: ServerResponse, { all, most }: Resources) {
  const start = Math.max(1, numberIn(query.get('startIndex'), 1) ?? 0);
  const count = Math.min(numberIn(query.get('count'), most) ?? 0, most);
  const Resources = all.slice(start - 1, start - 1 + count);
  const body = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: all.length,
    startIndex: start,
    itemsPerPage: Resources.length,
    Resources,
  };
  return json(response, 200, body, { 'content-type': 'application/scim+json' });
}

function failed(response: ServerResponse, status: number, detail: string) {
  const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], detail, status: String(status) };
  return json(response, status, body, { 'content-type': 'application/scim+json' });
}
