import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, isForm, json, numberIn, originOf, Pages, Tokens } from './service.ts';
import { codeOf, type Member, staff } from './staff.ts';

/**
 * Microsoft Graph v1.0 and the Microsoft identity platform: GET /users with $select, $top and $skiptoken, and the token of
 * the client credentials flow. After learn.microsoft.com/graph/api/user-list, /graph/paging, /graph/throttling,
 * /graph/errors and /entra/identity-platform/v2-oauth2-client-creds-grant-flow.
 */

const TENANT = '6f0a1c0e-8f5b-4b0e-9a51-2f6f2f1f9d10';
const CLIENT = '0d3f6c2a-77c1-4a47-8f0b-0b6f0a6f4b11';
const SECRET = 'Qx8~graph.client.secret-4711';
export const VALUES = { TENANT_ID: TENANT, CLIENT_ID: CLIENT, CLIENT_SECRET: SECRET };

const MOST = 999;
const USUAL = 100;

export const members = staff(2100);

/** `guid`-like, and for ever the same. */
export const idOf = ({ number }: Member) => `87d349ed-44d7-43e1-9a83-${String(number).padStart(12, '0')}`;

/** What they sign in with, which need not be how their email begins. */
export const loginOf = ({ number }: Member) => `u${number}`;
export const hasNoMail = ({ number }: Member) => number % 13 === 0;

type User = Readonly<Record<string, unknown>>;

const user = (one: Member): User => ({
  id: idOf(one),
  businessPhones: one.phone === undefined ? [] : [one.phone],
  displayName: `${one.given} ${one.family} (${one.unit.code})`,
  givenName: one.given,
  jobTitle: null,
  // Who has no mailbox has no mail.
  mail: hasNoMail(one) ? null : `P${one.email.slice(1)}`,
  mobilePhone: one.mobile ?? null,
  officeLocation: null,
  preferredLanguage: 'en-US',
  surname: one.family,
  userPrincipalName: `${loginOf(one).toUpperCase()}@acme.example`,
  accountEnabled: !one.left,
  userType: 'Member',
  employeeId: codeOf(one),
  companyName: 'Acme Ltd.',
  department: one.unit.name,
});

const guest: User = {
  ...user({ ...(members[0] as Member), number: 900_000 }),
  userType: 'Guest',
  userPrincipalName: 'ext_other.example#EXT#@acme.onmicrosoft.com',
};

/** All that it has: two guests among the members. */
const users = [
  ...members.slice(0, 1000).map(user),
  guest,
  ...members.slice(1000).map(user),
  { ...guest, id: 'guest-2' },
];

/** What comes when nothing is selected. */
const DEFAULTS = ['businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation'];
const MORE_DEFAULTS = ['preferredLanguage', 'surname', 'userPrincipalName', 'id'];

export function startGraph(conditions: Conditions) {
  const tokens = new Tokens(conditions, 3599);
  const allowance = new Allowance(conditions, 42);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.path === `/${TENANT}/oauth2/v2.0/token`) return token(request, response, tokens);
    if (request.path !== '/v1.0/users' || request.method !== 'GET') {
      return failed(
        response,
        400,
        'BadRequest',
        `Resource not found for the segment '${request.path.split('/').at(-1)}'.`,
      );
    }
    if (!tokens.good(request, 'Bearer')) {
      return failed(response, 401, 'InvalidAuthenticationToken', 'Access token is empty, expired or malformed.');
    }
    if (!allowance.take()) {
      const headers = { 'retry-after': String(allowance.wait) };
      return failed(response, 429, 'TooManyRequests', 'Too many requests from the application.', headers);
    }
    if (!pages.give()) {
      return failed(response, 403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    }
    return list(request, response);
  });
}

function list(request: PeerRequest, response: ServerResponse) {
  const top = numberIn(request.query.get('$top'), USUAL) ?? 0;
  if (top < 1 || top > MOST) {
    const message = `Invalid page size specified: '${top}'. Must be between 1 and ${MOST} inclusive.`;
    return failed(response, 400, 'Request_BadRequest', message);
  }
  const names = request.query.get('$select')?.split(',') ?? [...DEFAULTS, ...MORE_DEFAULTS];
  const unknown = names.find(name => !(name in guest));
  if (unknown !== undefined) {
    const message = `Could not find a property named '${unknown}' on type 'microsoft.graph.user'.`;
    return failed(response, 400, 'Request_BadRequest', message);
  }
  const from = Number(Buffer.from(request.query.get('$skiptoken') ?? '', 'base64url').toString() || 0);
  const value = users.slice(from, from + top).map(one => Object.fromEntries(names.map(name => [name, one[name]])));
  const home = originOf(request);
  return json(response, 200, {
    '@odata.context': `${home}/v1.0/$metadata#users(${names.join(',')})`,
    ...(from + top < users.length ? { '@odata.nextLink': nextLink(request, from + top) } : {}),
    value,
  });
}

function nextLink(request: PeerRequest, from: number): string {
  const query = new URLSearchParams(request.query);
  query.set('$skiptoken', Buffer.from(String(from)).toString('base64url'));
  return `${originOf(request)}/v1.0/users?${query.toString().replaceAll('%24', '$').replaceAll('%2C', ',')}`;
}

function token(request: PeerRequest, response: ServerResponse, tokens: Tokens) {
  const form = new URLSearchParams(isForm(request) ? request.body : '');
  if (form.get('grant_type') !== 'client_credentials') {
    return denied(response, 400, 'invalid_request', "AADSTS900144: The request body must contain 'grant_type'.");
  }
  if (form.get('client_id') !== CLIENT) {
    return denied(response, 400, 'unauthorized_client', 'AADSTS700016: Application was not found in the directory.');
  }
  if (form.get('client_secret') !== SECRET) {
    return denied(response, 401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.');
  }
  if (form.get('scope') !== 'https://graph.microsoft.com/.default') {
    return denied(response, 400, 'invalid_scope', 'AADSTS1002012: The provided value for scope is not valid.');
  }
  return json(response, 200, {
    token_type: 'Bearer',
    expires_in: 3599,
    ext_expires_in: 3599,
    access_token: tokens.issue('eyJ0eXAi.'),
  });
}

const denied = (response: ServerResponse, status: number, error: string, error_description: string) =>
  json(response, status, {
    error,
    error_description,
    error_codes: [7000215],
    trace_id: 'b8e1',
    correlation_id: 'c2f0',
  });

function failed(response: ServerResponse, status: number, code: string, message: string, headers = {}) {
  const innerError = { date: '2026-11-22T00:00:00', 'request-id': 'f3a1', 'client-request-id': 'f3a1' };
  return json(response, status, { error: { code, message, innerError } }, headers);
}
