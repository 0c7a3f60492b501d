import type { RestAuthenticatorConfig } from '../../config/schema.ts';
import type { HttpResponse } from '../../connect/http.ts';
import type { Verdict } from '../authenticate.ts';

/** The kinds of answer that a configuration describes. */
export const MEANINGS = ['accepted', 'refused', 'unknown'] as const;
type Meaning = (typeof MEANINGS)[number];

type Description = RestAuthenticatorConfig['accepted'];

/**
 * What a service's answer says about a person. What no description fits is an outage; only where `accepted` looks for a
 * value, and `refused` says nothing of that status, another value there is a refusal, too. No text has any part of the
 * answer but its status: a service may send back what it was sent.
 */
export function verdictOf(config: RestAuthenticatorConfig, { status, text }: HttpResponse): Verdict {
  const answer = { status, document: parsed(text) };
  const [meaning, another] = MEANINGS.filter(name => fits(config[name], answer));
  if (another !== undefined) return unavailable(`answered ${status}, which means ${meaning} and ${another} at once`);
  if (meaning !== undefined) return verdict(meaning, status);
  const { accepted, refused } = config;
  if (accepted.field === undefined || !accepted.status.includes(status)) return unavailable(strange(status));
  return unlike(accepted.field, answer, refused.status.includes(status));
}

interface Answer {
  readonly status: number;
  /** Undefined where the body is no JSON. */
  readonly document: unknown;
}

function verdict(meaning: Meaning, status: number): Verdict {
  const why = `answered ${status}`;
  switch (meaning) {
    case 'accepted':
      return { status: 'accepted' };
    case 'refused':
      return { status: 'refused', weighed: true, why };
    case 'unknown':
      return { status: 'unknown', why };
  }
}

/** Of an answer with the status of `accepted`, and not its value. */
function unlike(field: string, { status, document }: Answer, isDescribed: boolean): Verdict {
  if (document === undefined) return unavailable(`answered ${status} without JSON to find "${field}" in`);
  if (valueAt(document, field) === undefined) return unavailable(`answered ${status} without a value at "${field}"`);
  const why = `answered ${status} with another value at "${field}" than accepted has`;
  return isDescribed ? unavailable(`${why}, or refused`) : { status: 'refused', weighed: true, why };
}

function strange(status: number): string {
  const isRedirect = status >= 300 && status < 400;
  return isRedirect
    ? `answered ${status}, a redirect, which is never followed; is url where it leads to?`
    : `answered ${status}, which accepted, refused and unknown do not describe`;
}

function fits(description: Description | undefined, { status, document }: Answer): boolean {
  if (!description?.status.includes(status)) return false;
  return description.field === undefined || valueAt(document, description.field) === String(description.equals);
}

/** What stands at a path of keys joined by dots, if it is text, a number, true or false; only own properties count. */
function valueAt(document: unknown, path: string): string | undefined {
  const inside = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  const found = path.split('.').reduce(inside, document);
  return found === undefined || found === null || typeof found === 'object' ? undefined : String(found);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unavailable = (why: string): Verdict => ({ status: 'unavailable', why });
