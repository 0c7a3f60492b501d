/** What stands for the person's name in `bind_dn` and `filter`. */
const PLACE = '{username}';

/**
 * The name to bind with, made from `bind_dn`. In a DN the login is escaped (RFC 4514); `{username}@corp.example` and
 * `CORP\{username}` are no DNs, and there an escape would be taken for a part of the name.
 */
export function bindName(template: string, login: string): string {
  const isDn = template.includes('=');
  return fill(template, isDn ? escapeDnValue(login) : login);
}

/** The search filter for a login, made from `filter`. */
export function searchFilter(template: string, login: string): string {
  return fill(template, escapeFilterValue(login));
}

/** The attribute that a filter compares with the whole name, `uid` in `(&(uid={username})(objectClass=person))`. */
export function namingAttribute(filter: string): string | undefined {
  return /([\w.-]+)=\{username\}(?=\)|$)/.exec(filter)?.[1];
}

/** A value as it may stand in a DN (RFC 4514, 2.4). ldapts' own `RDN` quotes in an older way and leaves NUL alone. */
export function escapeDnValue(value: string): string {
  return value.replace(/^[ #]|[\0-\x1f"+,;<=>\\\x7f]| $/g, inHex);
}

/** A value as it may stand in a search filter (RFC 4515, 3). */
export function escapeFilterValue(value: string): string {
  return value.replace(/[\0()*\\]/g, inHex);
}

function inHex(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** By a function, since in a plain replacement text `$&` would have a meaning. */
function fill(template: string, value: string): string {
  return template.replaceAll(PLACE, () => value);
}
