import type { Failure } from './failure.ts';

/** Who wants to log in, and with which password: exactly as they were sent. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Two readers of one body must never see two different people in it, so nothing here guesses or repairs. */
export function readCredentials(body: Buffer, contentType: string): Credentials | Failure {
  const text = utf8(body);
  if (text === undefined) return 'body_not_utf8';
  return isForm(contentType, text) ? fromForm(text) : fromJson(text);
}

/** A leading byte order mark is accepted and dropped. */
function utf8(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Python's urllib calls everything a form that was not given a type, so what looks like JSON is read as JSON. */
const isForm = (contentType: string, text: string) =>
  /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType) && !text.trimStart().startsWith('{');

function fromJson(text: string): Credentials | Failure {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'body_not_json';
  if (repeatsKey(text)) return 'body_repeats_key';
  const { username, password } = value as Record<string, unknown>;
  return typeof username === 'string' && typeof password === 'string' ? { username, password } : 'body_not_json';
}

/** The error of `JSON.parse` is dropped on purpose: it quotes the text, and so perhaps the password. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/** Whether an object in this valid JSON gives one key twice: `JSON.parse` keeps the last one and says nothing. */
function repeatsKey(json: string): boolean {
  const open: Set<unknown>[] = [];
  for (const [token, text, colon] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (text === undefined) open.pop();
    else if (colon !== undefined && !addTo(open.at(-1), JSON.parse(text))) return true;
  }
  return false;
}

/** False when it was there already. */
function addTo(set: Set<unknown> | undefined, value: unknown): boolean {
  const before = set?.size;
  return set?.add(value).size !== before;
}

function fromForm(text: string): Credentials | Failure {
  const pairs = text.split('&').filter(Boolean).map(pairOf);
  if (!pairs.every(pair => pair !== undefined)) return 'body_not_form';
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) return 'body_repeats_key';
  const username = fields.get('username');
  const password = fields.get('password');
  return username === undefined || password === undefined ? 'body_not_form' : { username, password };
}

function pairOf(text: string): readonly [name: string, value: string] | undefined {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  try {
    return [unescaped(name), unescaped(equals < 0 ? '' : text.slice(equals + 1))];
  } catch {
    return undefined;
  }
}

/** Throws for percent signs that are no UTF-8. */
const unescaped = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
