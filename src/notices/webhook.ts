import type { WebhookConfig } from '../config/notify.ts';
import { HttpClient, HttpError, type HttpResponse } from '../connect/http.ts';
import { reachable } from '../connect/reachable.ts';
import type { Letter, Post } from './channel.ts';
import { FORMATS } from './formats.ts';
import { signatureHeaders } from './sign.ts';
import { isBeforehand, quoted, Undelivered } from './undelivered.ts';

/** How long one try may take, in milliseconds. */
const TIMEOUT = 10_000;
/** The most that is read of an answer, in bytes. */
const LIMIT = 1024 * 1024;

/** Posts notices to a URL. No redirect is followed: what is told is for one receiver. */
export function webhook(config: WebhookConfig): Post {
  const url = new URL(config.url);
  return {
    async send({ id, notice, wording, at, signal }: Letter) {
      const body = JSON.stringify(FORMATS[config.format](notice, wording));
      const headers: [string, string][] = [
        ['content-type', 'application/json'],
        ['user-agent', 'rosterd'],
        ...signatureHeaders({ id, at, body }, config.secret),
      ];
      await using client = new HttpClient({ tls: config.tls, timeout: TIMEOUT, limit: LIMIT, anyText: true });
      const request = { method: 'POST', url, headers, body };
      const response = await client.exchange(request, signal).catch(error => {
        throw undelivered(error, signal);
      });
      mustBeTaken(response, secretsOf(config, url), at);
      return undefined;
    },
    async reach(signal) {
      await reachable(url, config.tls, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])).catch(error => {
        throw new Undelivered((error as Error).message);
      });
    },
  };
}

function undelivered(error: unknown, signal: AbortSignal): Undelivered {
  if (signal.aborted) return new Undelivered('was not answered in time', { maybe: true });
  if (!(error instanceof HttpError)) return new Undelivered((error as Error).message);
  const isUnsent =
    error.message.startsWith('cannot be asked') || isBeforehand((error.cause ?? {}) as NodeJS.ErrnoException);
  return new Undelivered(error.message, { maybe: !isUnsent });
}

/** Some receivers repeat what they were asked, and the address alone lets anybody write there. */
function secretsOf({ secret = '' }: WebhookConfig, { href, pathname, search, searchParams }: URL): string[] {
  const parts = pathname.split('/').filter(part => part.length >= 8);
  const texts = [href, `${pathname}${search}`, search.slice(1), ...searchParams.values(), ...parts, secret];
  const path = pathname.length > 1 ? [pathname, pathname.slice(1)] : [];
  return [...texts, ...path].flatMap(text => [text, decoded(text)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mustBeTaken({ status, headers, text }: HttpResponse, secrets: readonly string[], at: Date): void {
  if (status >= 200 && status < 300) return;
  const said = quoted(text, secrets);
  const why = `answers ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 300 && status < 400) throw new Undelivered(`answers ${status}, and redirects are not followed`);
  if (status === 410) throw new Undelivered(why, { forever: true });
  const wait = status === 429 || status === 503 ? waitOf(headers.get('retry-after'), at) : undefined;
  throw new Undelivered(why, { wait });
}

/** Milliseconds that `Retry-After` asks for, as a number of seconds or as a date. */
function waitOf(header: string | undefined, at: Date): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - at.getTime();
  return Number.isNaN(wait) ? undefined : wait;
}
