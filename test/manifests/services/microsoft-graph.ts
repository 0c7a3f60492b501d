import type { Seen, Service } from '../contract.ts';
import { hasNoMail, idOf, loginOf, members, startGraph, VALUES } from '../peers/graph.ts';
import { codeOf, type Member } from '../peers/staff.ts';

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: `${loginOf(one)}@acme.example`,
  email: hasNoMail(one) ? `${loginOf(one)}@acme.example` : one.email,
  nick_name: `${one.given} ${one.family} (${one.unit.code})`,
  ad_no: codeOf(one),
  company: 'Acme Ltd.',
  phone1: one.phone,
  phone2: one.mobile,
  departments: [one.unit.name],
  active: !one.left,
});

export const graph: Service = {
  manifest: 'microsoft-graph.json',
  origins: ['https://login.microsoftonline.com', 'https://graph.microsoft.com'],
  values: VALUES,
  start: startGraph,
  people: members.map(seen),
  asksForPeople: ({ path }) => path === '/v1.0/users',
  pages: 3,
  limit: { allowed: 1, waits: [42, 42, 42] },
  token: { asks: ({ path }) => path.endsWith('/token'), seconds: 3599 },
  failure: { page: 2, says: /status 403: .*Insufficient privileges to complete the operation/ },
  refusal: {
    values: { CLIENT_SECRET: 'not-the-client-secret' },
    says: /status 401: .*AADSTS7000215: Invalid client secret/,
  },
  secrets: [VALUES.CLIENT_SECRET],
};
