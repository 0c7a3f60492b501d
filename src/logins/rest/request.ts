import type { RestAuthenticatorConfig } from '../../config/schema.ts';
import type { HttpRequest } from '../../connect/http.ts';

/** What `{username}` and `{password}` stand for in a request. */
export interface Credentials {
  /** The person's name at the directory. */
  readonly username: string;
  readonly password: string;
}

/**
 * Why what was typed cannot be asked about, with the way out, if so. Sent all the same, it would arrive as something else:
 * as another name, or another password.
 */
export function obstacleTo(config: RestAuthenticatorConfig, typed: Credentials): string | undefined {
  const { auth, url, headers } = config;
  if (auth === 'basic' && typed.username.includes(':')) {
    return 'cannot be asked: in Basic auth a login ends at its first colon; send it in json or form';
  }
  // In an address "." and ".." are steps, however they are escaped.
  if (url.includes('{username}') && /^\.\.?$/.test(typed.username)) {
    return 'cannot be asked: a login of dots alone has a meaning of its own in url; send it in json or form';
  }
  const [name] = Object.entries(headers).find(([, value]) => !isHeaderText(fill(value, typed))) ?? [];
  if (name === undefined) return undefined;
  return (
    `cannot be asked: header "${name}" would have a letter beyond Latin-1, a control character or a blank at an end, ` +
    'which no header can carry; send login and password in json or form'
  );
}

/** The request that asks about somebody, where nothing is an {@link obstacleTo} it. */
export function requestFor(config: RestAuthenticatorConfig, typed: Credentials): HttpRequest {
  const body = bodyFor(config, typed);
  const headers = Object.entries(config.headers).map(([name, value]) => [name, fill(value, typed)] as const);
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type');
  if (body !== undefined && !isTyped) headers.push(['Content-Type', body.type]);
  if (config.auth === 'basic') headers.push(['Authorization', basic(typed)]);
  const url = new URL(fill(config.url, { ...typed, username: encodeURIComponent(typed.username) }));
  return { method: config.method, url, headers, body: body?.text };
}

/** Whether a header can have this value, and arrives with it: blanks at the ends are taken off on the way. */
export function isHeaderText(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && !/^[\t ]|[\t ]$/.test(value);
}

function bodyFor({ json, form }: RestAuthenticatorConfig, typed: Credentials): Body | undefined {
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(filled(json, typed)) };
  if (form === undefined) return undefined;
  const fields = Object.entries(form).map(([name, value]) => [name, fill(value, typed)] as [string, string]);
  return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(fields).toString() };
}

interface Body {
  readonly type: string;
  readonly text: string;
}

type Json = Exclude<RestAuthenticatorConfig['json'], undefined>;

/** A JSON value with every string in it filled in; its keys stay as they are. */
function filled(value: Json, typed: Credentials): Json {
  if (typeof value === 'string') return fill(value, typed);
  if (Array.isArray(value)) return value.map(one => filled(one, typed));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, typed)]));
}

/** In one pass, since what was typed may itself be `{password}`; by a function, since `$&` may be in it. */
function fill(template: string, typed: Credentials): string {
  return template.replace(/\{(username|password)\}/g, (_, name: keyof Credentials) => typed[name]);
}

/** As RFC 7617 has it, in UTF-8. */
function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
