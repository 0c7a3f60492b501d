import type { RequestConfig } from '../../config/manifest.ts';
import type { HttpResponse } from '../../connect/http.ts';
import { type Json, parseJson, textOf } from './json.ts';
import { compileNotation } from './notation.ts';

/** What answers are judged by. */
export type Rules = Pick<
  RequestConfig,
  'status_code' | 'empty_status' | 'empty_if' | 'retry_if' | 'continue_if' | 'polling'
>;

/** Whether its status is one that the manifest takes. */
export function passes({ status }: HttpResponse, { status_code }: Rules): boolean {
  return status_code === undefined ? status < 300 : status_code.includes(status);
}

/** What was expected instead of an answer that does not pass. */
export function expected({ status_code, retry_if }: Rules, answer: HttpResponse): string {
  if (retry_if && passes(answer, { status_code } as Rules)) {
    return `"${retry_if.response_notation}" to be none of ${retry_if.values.join(', ')}`;
  }
  if (status_code === undefined) return 'a success';
  return `status ${status_code.join(' or ')}`;
}

/** Whether it says that something went wrong, although its status does not. */
export const isErrorInside = (body: Json | undefined, { retry_if }: Rules): boolean => says(body, retry_if);

/** Whether an answer that passes has no records in it, and says so. */
export const isEmptyInside = (body: Json | undefined, { empty_if }: Rules): boolean => says(body, empty_if);

function says(body: Json | undefined, one: Rules['retry_if']): boolean {
  if (one === undefined) return false;
  const got = compileNotation(one.response_notation)(body ?? null);
  return got !== undefined && one.values.some(value => isEqual(got, value));
}

/** Compared as text; a boolean is true to some and True to others. */
export function isEqual(got: Json | undefined, wanted: string): boolean {
  const text = textOf(got) ?? '';
  return text === wanted || (typeof got === 'boolean' && text === wanted.toLowerCase());
}

/** A body as JSON; undefined where it is none. */
export function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
