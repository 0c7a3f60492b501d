import type { Seen, Service } from '../contract.ts';
import { groupOf, idOf, isNameless, members, startSlack, VALUES } from '../peers/slack.ts';
import { type Member, UNITS } from '../peers/staff.ts';

function nameOf(one: Member): string {
  if (!isNameless(one)) return `${one.given} ${one.family}`;
  return one.number % 34 === 0 ? `p${one.number}` : one.given;
}

const seen = (one: Member): Seen => ({
  key: idOf(one),
  username: one.email,
  email: one.email,
  nick_name: nameOf(one),
  phone1: one.phone,
  departments: one.left ? [] : [groupOf(one.unit.code)],
  active: !one.left,
});

export const slack: Service = {
  manifest: 'slack.json',
  origins: ['https://slack.com'],
  values: VALUES,
  start: startSlack,
  people: members.map(seen),
  departments: UNITS.map(({ code, name }) => ({ group_no: groupOf(code), display_name: name, parent_group_no: '' })),
  asksForPeople: ({ path }) => path === '/api/users.list',
  pages: 3,
  limit: { allowed: 1, waits: [30, 30, 30, 30] },
  failure: { page: 2, says: /expected "ok" to be "true", and got false: .*missing_scope.*users:read/ },
  refusal: {
    values: { TOKEN: 'xoxb-not-the-token' },
    says: /expected "ok" to be "true", and got false: .*invalid_auth/,
  },
  secrets: [VALUES.TOKEN],
};
