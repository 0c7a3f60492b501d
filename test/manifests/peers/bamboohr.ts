import type { ServerResponse } from 'node:http';
import { startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, Pages } from './service.ts';
import { codeOf, type Member, staff } from './staff.ts';

/**
 * BambooHR's company reports: GET …/v1/reports/{id}, in the form that Accept asks for, all at once, with the reason of an
 * error in a header. After documentation.bamboohr.com/reference/get-company-report and /docs/getting-started.
 */

const KEY = 'bamboohr-api-key-4711';
export const VALUES = { KEY, REPORT_ID: '7', COMPANY_ID: 'acme' };

export const members = staff(300);

export const idOf = ({ number }: Member) => String(40_000 + number);

const FIELDS = ['firstName', 'lastName', 'workEmail', 'employeeNumber', 'department', 'mobilePhone', 'gender'];

/** Everything is text, and what there is not is null. */
const employee = (one: Member) => ({
  id: idOf(one),
  firstName: one.given,
  lastName: one.family,
  workEmail: `P${one.email.slice(1)}`,
  employeeNumber: codeOf(one),
  department: one.unit.name,
  mobilePhone: one.mobile ?? null,
  gender: one.gender === 'male' ? 'Male' : 'Female',
});

export function startBamboohr(conditions: Conditions) {
  const allowance = new Allowance(conditions, 20);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from(`${KEY}:x`).toString('base64')}`) {
      return failed(response, 401, 'Invalid API key');
    }
    if (!allowance.take()) {
      response.setHeader('retry-after', allowance.wait);
      return failed(response, 503, 'Limit Exceeded');
    }
    const { COMPANY_ID, REPORT_ID } = VALUES;
    if (request.method !== 'GET') return failed(response, 405, 'Method not allowed');
    if (request.path !== `/api/gateway.php/${COMPANY_ID}/v1/reports/${REPORT_ID}`) {
      return failed(response, 404, 'Report not found');
    }
    if (request.headers.accept !== 'application/json') return failed(response, 400, 'This stand-in only knows JSON');
    if (!pages.give()) return failed(response, 403, 'The key may not see this report');
    const fields = FIELDS.map(id => ({ id, type: 'text', name: id }));
    return json(response, 200, { title: 'Roster', fields, employees: members.map(employee) });
  });
}

/** The body says no more than the status. */
function failed(response: ServerResponse, status: number, reason: string) {
  response.writeHead(status, { 'content-type': 'text/html; charset=UTF-8', 'x-bamboohr-error-message': reason });
  return response.end(reason === 'Invalid API key' ? '' : `<html><body>${reason}</body></html>`);
}
