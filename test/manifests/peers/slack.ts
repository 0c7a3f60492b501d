import type { ServerResponse } from 'node:http';
import { type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { Allowance, type Conditions, json, numberIn, Pages } from './service.ts';
import { type Member, staff, UNITS } from './staff.ts';

/**
 * Slack's Web API: users.list with cursors and usergroups.list, whose errors come with 200 and `ok: false`, but for too
 * many requests. After docs.slack.dev/reference/methods/users.list, /usergroups.list, /reference/objects/user-object,
 * /apis/web-api/pagination and /apis/web-api/rate-limits.
 */

const TOKEN = 'xoxb-4711-slack-bot-token';
export const VALUES = { TOKEN };

const MOST = 1000;

export const members = staff(430);

export const idOf = ({ number }: Member) => `U0${String(number).padStart(9, '0')}`;
export const groupOf = (code: string) => `S0${code.padStart(9, '0')}`;

export const isNameless = ({ number }: Member) => number % 17 === 0;

type User = Readonly<Record<string, unknown>>;

const person = (one: Member): User => ({
  id: idOf(one),
  team_id: 'T012AB3C4',
  name: `p${one.number}`,
  deleted: one.left,
  // Of those who are gone less is told.
  ...(one.left ? {} : rights({})),
  profile: {
    real_name: isNameless(one) ? '' : `${one.given} ${one.family}`,
    display_name: one.number % 34 === 0 ? '' : one.given,
    phone: one.phone ?? '',
    title: 'Engineer',
    email: `P${one.email.slice(1)}`,
    team: 'T012AB3C4',
  },
  is_bot: false,
  is_app_user: false,
  updated: 1_502_138_686,
});

const rights = (more: User): User => ({
  is_admin: false,
  is_owner: false,
  is_restricted: false,
  is_ultra_restricted: false,
  ...more,
});

const nobody = (id: string, more: User): User => ({
  id,
  team_id: 'T012AB3C4',
  name: id.toLowerCase(),
  deleted: false,
  real_name: id,
  profile: { real_name: id, display_name: '', phone: '' },
  is_bot: false,
  ...rights(more),
});

/** Whom a workspace lists besides its people. Slackbot is no bot, it says. */
const others = [
  nobody('USLACKBOT', {}),
  nobody('UBOT', { is_bot: true }),
  nobody('UGUEST', { is_restricted: true, profile: { email: 'guest@other.example', real_name: 'Guest' } }),
  nobody('USINGLE', { is_restricted: true, is_ultra_restricted: true }),
  nobody('USTRANGER', { is_stranger: true }),
];

const users = [...members.slice(0, 150).map(person), ...others, ...members.slice(150).map(person)];

const usergroups = UNITS.map(({ code, name }) => {
  const inside = members.filter(one => one.unit.code === code && !one.left).map(idOf);
  return {
    id: groupOf(code),
    team_id: 'T012AB3C4',
    is_usergroup: true,
    name,
    handle: code,
    date_delete: 0,
    users: inside,
  };
});

/** When it stumbles, it answers everything but once with an error of its own. */
export interface SlackConditions extends Conditions {
  readonly stumbling?: boolean;
}

export function startSlack(conditions: SlackConditions) {
  const stumbled = new Set<string>();
  const allowance = new Allowance(conditions, 30);
  const pages = new Pages(conditions);
  return startPeer((request, response) => {
    if (!allowance.take()) {
      return json(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(allowance.wait) });
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return failed(response, 'invalid_auth');
    if (conditions.stumbling && !stumbled.has(request.url)) {
      stumbled.add(request.url);
      return failed(response, 'internal_error');
    }
    if (request.path === '/api/usergroups.list') return groups(request, response);
    if (request.path !== '/api/users.list') return failed(response, 'unknown_method');
    if (!pages.give()) {
      return failed(response, 'missing_scope', { needed: 'users:read', provided: 'usergroups:read' });
    }
    return list(request, response);
  });
}

function list({ query }: PeerRequest, response: ServerResponse) {
  const limit = Math.min(numberIn(query.get('limit'), 0) || MOST, MOST);
  const cursor = Buffer.from(query.get('cursor') ?? '', 'base64').toString();
  const from = cursor === '' ? 0 : users.findIndex(({ id }) => `user:${id}` === cursor);
  if (from < 0) return failed(response, 'invalid_cursor');
  const next = users[from + limit];
  const next_cursor = next ? Buffer.from(`user:${next['id']}`).toString('base64') : '';
  const page = users.slice(from, from + limit);
  return json(response, 200, { ok: true, members: page, cache_ts: 1_498_777_272, response_metadata: { next_cursor } });
}

function groups({ query }: PeerRequest, response: ServerResponse) {
  const whole = query.get('include_users') === 'true';
  const told = usergroups.map(one => (whole ? one : { ...one, users: undefined }));
  return json(response, 200, { ok: true, usergroups: told });
}

const failed = (response: ServerResponse, error: string, more = {}) =>
  json(response, 200, { ok: false, error, ...more });
