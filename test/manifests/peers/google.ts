import { createVerify, generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, isForm, json, numberIn, Pages, Tokens } from './service.ts';
import { codeOf, type Member, staff, UNITS } from './staff.ts';

/**
 * The Directory API of Google Workspace: users and orgunits, with domain-wide delegation of a service account (RFC 7523).
 * After developers.google.com/workspace/admin/directory/reference/rest/v1/users/list, /orgunits/list, /limits and
 * developers.google.com/identity/protocols/oauth2/service-account.
 */

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const ACCOUNT = 'roster@acme.iam.gserviceaccount.com';
const ADMIN = 'admin@acme.example';
/** The key as it stands in the JSON file that one downloads: its line ends written out. */
export const VALUES = {
  CLIENT_EMAIL: ACCOUNT,
  PRIVATE_KEY: privateKey.replaceAll('\n', '\\n'),
  ADMIN_EMAIL: ADMIN,
};

/** Somebody else's. */
export const OTHER_KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;

const SCOPE = 'https://www.googleapis.com/auth/admin.directory';
const SCOPES = [`${SCOPE}.user.readonly`, `${SCOPE}.orgunit.readonly`];
const MOST = 500;
const USUAL = 100;

export const members = staff(1200);

export const idOf = ({ number }: Member) => String(100_000_000_000_000_000_000n + BigInt(number));
export const unitId = (code: string) => `id:03ph8a2z${code.toLowerCase()}`;

/** The organisation itself, and below it what it calls its units. */
export const ROOT = { id: unitId('root'), name: 'acme.example' };

function pathOf(code: string): string {
  const unit = UNITS.find(one => one.code === code);
  return unit === undefined ? '' : `${pathOf(unit.parent ?? '')}/${unit.name}`;
}

const organizationUnits = [
  { kind: 'admin#directory#orgUnit', etag: '"r"', name: ROOT.name, orgUnitPath: '/', orgUnitId: ROOT.id },
  ...UNITS.map(({ code, name, parent }) => ({
    kind: 'admin#directory#orgUnit',
    etag: `"${code}"`,
    name,
    description: '',
    orgUnitPath: pathOf(code),
    orgUnitId: unitId(code),
    parentOrgUnitPath: pathOf(parent ?? '') || '/',
    parentOrgUnitId: parent === undefined ? ROOT.id : unitId(parent),
  })),
];

const user = (one: Member) => ({
  kind: 'admin#directory#user',
  id: idOf(one),
  primaryEmail: one.email,
  name: { givenName: one.given, familyName: one.family, fullName: `${one.given} ${one.family}` },
  isAdmin: false,
  suspended: one.left && one.number % 20 === 7,
  archived: one.left && one.number % 20 === 17,
  // What nobody filled in is not there at all.
  ...(one.number % 13 === 0 ? {} : { externalIds: [{ value: codeOf(one), type: 'organization' }] }),
  emails: [{ address: one.email, primary: true }],
  organizations: [
    { name: 'Side Ltd.', primary: false },
    { name: 'Acme Ltd.', title: 'Engineer', primary: true },
  ],
  ...(one.phone === undefined ? {} : { phones: phonesOf(one) }),
  gender: { type: one.gender },
  orgUnitPath: one.number === 1 ? '/' : pathOf(one.unit.code),
});

const phonesOf = ({ phone, mobile }: Member) => [
  { value: '+886 2 9999 0000', type: 'home' },
  { value: mobile, type: 'mobile' },
  { value: phone, type: 'work', primary: true },
];

const users = members.map(user);

export function startGoogle(conditions: Conditions) {
  const tokens = new Tokens(conditions, 3599);
  const allowance = new Allowance(conditions, 2);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.path === '/token') return token(request, response, { tokens, now: conditions.clock.now() });
    if (!tokens.good(request, 'Bearer')) return failed(response, 401, 'authError', 'Invalid Credentials');
    if (!allowance.take()) return failed(response, 403, 'userRateLimitExceeded', 'User Rate Limit Exceeded');
    if (request.method !== 'GET') return failed(response, 400, 'badRequest', 'Bad Request');
    if (request.path === '/admin/directory/v1/customer/my_customer/orgunits') return orgunits(request, response);
    if (request.path !== '/admin/directory/v1/users') return failed(response, 404, 'notFound', 'Not Found');
    if (!pages.give()) {
      return failed(response, 403, 'forbidden', 'Not Authorized to access this resource/api');
    }
    return list(request, response);
  });
}

function list({ query }: PeerRequest, response: ServerResponse) {
  if (query.get('customer') !== 'my_customer') return failed(response, 400, 'badRequest', 'Bad Request');
  const most = numberIn(query.get('maxResults'), USUAL) ?? 0;
  if (most < 1 || most > MOST)
    return failed(response, 400, 'invalid', `Invalid value '${most}'. Values must be within the range: [1, 500]`);
  const from = Number(Buffer.from(query.get('pageToken') ?? '', 'base64').toString() || 0);
  const next = from + most < users.length ? Buffer.from(String(from + most)).toString('base64') : undefined;
  const basic = query.get('projection') !== 'full';
  const page = users.slice(from, from + most).map(one => (basic ? { ...one, externalIds: undefined } : one));
  return json(response, 200, { kind: 'admin#directory#users', etag: '"x"', users: page, nextPageToken: next });
}

function orgunits({ query }: PeerRequest, response: ServerResponse) {
  const type = query.get('type') ?? 'children';
  const units = type === 'allIncludingParent' ? organizationUnits : organizationUnits.slice(1);
  const found =
    type === 'children' ? units.filter(one => 'parentOrgUnitPath' in one && one.parentOrgUnitPath === '/') : units;
  return json(response, 200, { kind: 'admin#directory#orgUnits', etag: '"y"', organizationUnits: found });
}

function token(request: PeerRequest, response: ServerResponse, { tokens, now }: { tokens: Tokens; now: number }) {
  const form = new URLSearchParams(isForm(request) ? request.body : '');
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
    return json(response, 400, { error: 'unsupported_grant_type', error_description: 'Invalid grant_type' });
  }
  const wrong = wrongIn(form.get('assertion') ?? '', now / 1000);
  if (wrong) return json(response, wrong.error === 'unauthorized_client' ? 401 : 400, wrong);
  return json(response, 200, { access_token: tokens.issue('ya29.'), expires_in: 3599, token_type: 'Bearer' });
}

/** What is wrong with a signed assertion, in seconds since 1970. */
function wrongIn(assertion: string, now: number): { error: string; error_description: string } | undefined {
  const [head = '', body = '', signature = ''] = assertion.split('.');
  const part = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString() || '{}');
  const valid = createVerify('RSA-SHA256').update(`${head}.${body}`).verify(publicKey, signature, 'base64url');
  if (part(head).alg !== 'RS256' || !valid) {
    return { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
  }
  const { iss, sub, aud, scope, iat, exp } = part(body);
  if (iss !== ACCOUNT) return { error: 'invalid_grant', error_description: 'Invalid grant: account not found' };
  if (aud !== 'https://oauth2.googleapis.com/token' || iat > now + 60 || exp < now || exp > iat + 3600) {
    return {
      error: 'invalid_grant',
      error_description: 'Invalid JWT: check your iat and exp values in the JWT claim.',
    };
  }
  const granted = String(scope)
    .split(' ')
    .every(one => SCOPES.includes(one));
  if (sub === ADMIN && granted) return undefined;
  return {
    error: 'unauthorized_client',
    error_description: 'Client is unauthorized to retrieve access tokens using this method, or not for these scopes.',
  };
}

function failed(response: ServerResponse, code: number, reason: string, message: string) {
  const domain = reason === 'userRateLimitExceeded' ? 'usageLimits' : 'global';
  return json(response, code, { error: { code, message, errors: [{ message, domain, reason }] } });
}
