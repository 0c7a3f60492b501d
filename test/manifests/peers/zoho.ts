import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, isForm, json, numberIn, Pages, Tokens } from './service.ts';
import { codeOf, type Member, staff, teams, UNITS } from './staff.ts';

/**
 * Zoho People's getRecords of the forms employee and department, whose errors come with 200, and Zoho's token endpoint,
 * whose errors do as well. After zoho.com/people/api/bulk-records.html, /error-codes.html (7021, 7024, 7040) and
 * zoho.com/accounts/protocol/oauth/web-apps/access-token-renewal.html.
 */

const CLIENT = '1000.Z0H04711CLIENT';
const SECRET = 'zoho-client-secret-4711';
const REFRESH = '1000.zoho-refresh-token.4711';
export const VALUES = { ZOHO_DOMAIN: 'zoho.com', CLIENT_ID: CLIENT, CLIENT_SECRET: SECRET, REFRESH_TOKEN: REFRESH };

const MOST = 200;
/** Seconds for which nothing is answered after too many requests; what is said then is documented nowhere. */
const LOCKED = 300;

export const members = staff(450);

/** Beyond what a double can hold; the service writes them as numbers. */
export const idOf = ({ number }: Member) => String(9_726_010_000_003_060_000n + BigInt(number));
/** Enough for a second page. */
export const units = [...UNITS, ...teams(210)];
export const unitId = (code: string) =>
  String(9_726_010_000_003_050_000n + BigInt(units.findIndex(one => one.code === code)));

/** The numbers in it stand there with all their digits, which JSON.stringify could not write. */
type Fields = Readonly<Record<string, string | number>>;

const employee = (one: Member): Fields => ({
  EmailID: `P${one.email.slice(1)}`,
  Department: one.unit.name,
  'Department.ID': unitId(one.unit.code),
  Employeestatus: one.left ? 'Resigned' : 'Active',
  'Employeestatus.type': one.left ? 0 : 1,
  FirstName: one.given,
  LastName: one.family,
  EmployeeID: codeOf(one),
  Gender: one.gender === 'male' ? 'Male' : 'Female',
  Dateofjoining: '15-Jun-2020',
  Dateofexit: one.left ? '31-Jul-2026' : '',
  Mobile: one.mobile ?? '',
  Work_phone: one.phone ?? '',
  Extension: one.extension,
});

const departmentOf = ({ code, name, parent }: (typeof UNITS)[number]): Fields => ({
  Department: name,
  ZP_Department_Code: code,
  Parent_Department: units.find(one => one.code === parent)?.name ?? '',
  'Parent_Department.ID': parent === undefined ? '' : unitId(parent),
  Department_Lead: '',
  MailAlias: '',
});

const FORMS = new Map([
  ['/people/api/forms/employee/getRecords', members.map(one => wrapped(idOf(one), employee(one)))],
  ['/people/api/forms/department/getRecords', units.map(unit => wrapped(unitId(unit.code), departmentOf(unit)))],
]);

/** `{"<id>": [{…, "Zoho_ID": <id>}]}` */
function wrapped(id: string, record: Fields): string {
  return `{"${id}":[${JSON.stringify(record).replace(/\}$/, `,"Zoho_ID":${id}}`)}]}`;
}

/** Whether the page after the last is an error, 7024, or a list without records: both have been seen. */
export interface ZohoConditions extends Conditions {
  readonly past?: 'error' | 'nothing';
}

export function startZoho(conditions: ZohoConditions) {
  const tokens = new Tokens(conditions, 3600);
  const allowance = new Allowance(conditions, LOCKED);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.path === '/oauth/v2/token') return token(request, response, tokens);
    if (!tokens.good(request, 'Zoho-oauthtoken')) {
      return failed(response, { message: 'The provided OAuth token is invalid.' }, 401);
    }
    if (!allowance.take()) {
      return failed(response, { message: 'You have exceeded the maximum threshold limit.' }, 429);
    }
    const records = FORMS.get(request.path);
    if (!records || request.method !== 'GET') {
      return failed(response, { code: 7011, message: 'Form name is invalid' });
    }
    if (request.path.includes('/employee/') && !pages.give()) {
      return failed(response, { code: 7040, message: 'Permission denied to view records' });
    }
    return list(request, response, { records, past: conditions.past ?? 'nothing' });
  });
}

interface Form {
  readonly records: readonly string[];
  readonly past: 'error' | 'nothing';
}

function list({ query, path }: PeerRequest, response: ServerResponse, { records, past }: Form) {
  const limit = numberIn(query.get('limit'), MOST) ?? 0;
  const from = numberIn(query.get('sIndex'), 1) ?? 0;
  if (limit < 1 || limit > MOST)
    return failed(response, { code: 7021, message: `Maximum record limit ${MOST} is exceeded` });
  const page = records.slice(from - 1, from - 1 + limit);
  if (page.length === 0 && past === 'error') return failed(response, { code: 7024, message: 'No records found' });
  response.writeHead(200, { 'content-type': 'application/json;charset=UTF-8' });
  const end = `"message":"Data fetched successfully","uri":"${path.replace('/people', '')}","status":0`;
  return response.end(`{"response":{"result":[${page.join(',')}],${end}}}`);
}

function token(request: PeerRequest, response: ServerResponse, tokens: Tokens) {
  const form = new URLSearchParams(isForm(request) ? request.body : request.query.toString());
  if (form.get('grant_type') !== 'refresh_token') return json(response, 200, { error: 'invalid_grant_type' });
  if (form.get('client_id') !== CLIENT) return json(response, 200, { error: 'invalid_client' });
  if (form.get('client_secret') !== SECRET) return json(response, 200, { error: 'invalid_client_secret' });
  if (form.get('refresh_token') !== REFRESH) return json(response, 200, { error: 'invalid_code' });
  const access_token = tokens.issue('1000.');
  const api_domain = 'https://www.zohoapis.com';
  return json(response, 200, { access_token, api_domain, token_type: 'Bearer', expires_in: 3600 });
}

const failed = (response: ServerResponse, errors: Readonly<Record<string, unknown>>, status = 200) =>
  json(response, status, { response: { message: 'Error occurred', status: 1, errors } });
