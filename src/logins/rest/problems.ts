import { BlockList, isIP } from 'node:net';
import type { RestAuthenticatorConfig } from '../../config/schema.ts';
import { MEANINGS } from './answer.ts';
import { isHeaderText } from './request.ts';

/** What is wrong with a `rest` authenticator beyond the schema, path first: `url: …`. */
export function restProblems(config: RestAuthenticatorConfig): string[] {
  return [
    ...addressProblems(config.url),
    ...headerProblems(config),
    ...bodyProblems(config),
    ...carryingProblems(config),
    ...answerProblems(config),
  ];
}

/** The rules for passwords that leave this machine, and what may be a part of an address, which logs and proxies keep. */
function addressProblems(url: string): string[] {
  const address = addressOf(url, 'a');
  if (address === null || !/^https?:$/.test(address.protocol)) {
    return ['url: is not an address; write https://host/path'];
  }
  const inPlainText = address.protocol === 'http:' && !isLoopback(address.hostname);
  return [
    ...(inPlainText
      ? ['url: would send passwords in plain text; write https:// (http:// is for this machine alone)']
      : []),
    ...(url.includes('{password}') ? [`url: has {password} in it, and logs keep addresses; ${CARRIERS}`] : []),
    ...(address.username || address.password ? [`url: has a user or password before its host; ${CARRIERS}`] : []),
    ...(address.host !== addressOf(url, 'b')?.host
      ? ['url: has {username} in its host; passwords go to one host, so write out its name']
      : []),
    ...(address.hash ? ['url: has a #, and what follows it is never sent; leave it out'] : []),
  ];
}

const addressOf = (url: string, username: string) => URL.parse(url.replaceAll('{username}', username));

const CARRIERS = 'set auth: basic, or put {username} and {password} into json, form or headers';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) return host === 'localhost';
  return loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

function headerProblems({ auth, headers }: RestAuthenticatorConfig): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return [`headers: ${JSON.stringify(name)} is no name of a header`];
    if (auth === 'basic' && name.toLowerCase() === 'authorization') {
      return [`headers.${name}: stands beside auth: basic, which makes that header; leave one of them out`];
    }
    // Without the value, which may be a secret.
    return isHeaderText(value)
      ? []
      : [`headers.${name}: has a letter beyond Latin-1, a line break or a blank at an end, which no header can carry`];
  });
}

function bodyProblems({ method, json, form }: RestAuthenticatorConfig): string[] {
  if (json !== undefined && form !== undefined) {
    return ['form: stands beside json, and a request has one body; leave one of them out'];
  }
  const body = json !== undefined ? 'json' : 'form';
  if (method !== 'GET' || (json ?? form) === undefined) return [];
  return [`${body}: is a body, and a GET has none; write method: POST, or set auth: basic instead`];
}

/** A request that does not say who, or with which password, would be answered alike whatever was typed. */
function carryingProblems({ auth, url, json, form, headers }: RestAuthenticatorConfig): string[] {
  if (auth === 'basic') return [];
  const carriers = [...stringsIn(json), ...stringsIn(form), ...stringsIn(headers)];
  const lacks = (place: string, others: readonly string[]) => others.every(text => !text.includes(place));
  const missing = [
    ...(lacks('{username}', [...carriers, url]) ? ['no {username}'] : []),
    ...(lacks('{password}', carriers) ? ['no {password}'] : []),
  ];
  return missing.length === 0
    ? []
    : [`auth: is missing, and there is ${missing.join(' and ')} in what is sent; ${CARRIERS}`];
}

/** All strings in a value but the keys. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** Two descriptions that one answer would fit, whatever else is in it. */
function answerProblems(config: RestAuthenticatorConfig): string[] {
  return MEANINGS.flatMap((later, place) =>
    MEANINGS.slice(0, place).flatMap(earlier => {
      const shared = sharedStatus(config[earlier], config[later]);
      if (shared === undefined) return [];
      return [
        `${later}: fits the same answers of status ${shared} as ${earlier}; ` +
          'give each of them a status of its own, or both a field with different values (equals)',
      ];
    }),
  );
}

type Description = RestAuthenticatorConfig['accepted'];

/** The first status that both have, where nothing else tells them apart: a field that only one asks for does not. */
function sharedStatus(one: Description | undefined, other: Description | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined;
  const bothAsk = one.field !== undefined && other.field !== undefined;
  const areAlike = one.field === other.field && String(one.equals) === String(other.equals);
  return bothAsk && !areAlike ? undefined : one.status.find(status => other.status.includes(status));
}
