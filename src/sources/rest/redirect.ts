import type { HttpResponse } from '../../connect/http.ts';
import type { Prepared } from './request.ts';

/** Where a manifest's requests may go, and which of its headers may go along. */
export interface Borders {
  /** The origins that the manifest itself names. */
  readonly own: ReadonlySet<string>;
  /** Further ones that links may lead to. */
  readonly allowed: ReadonlySet<string>;
  /** Origin to origin: where to send what is meant for the first. */
  readonly hosts: ReadonlyMap<string, string>;
}

export const REDIRECTS = 5;

export const isRedirect = ({ status, headers }: HttpResponse) =>
  [301, 302, 303, 307, 308].includes(status) && headers.has('location');

/** A URL in the manifest's own terms: an origin that only stands in for another is that other. */
export function homeUrl(text: string, from: URL, { hosts }: Borders): URL | undefined {
  const url = URL.parse(text, from.href);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const [home] = [...hosts].find(([, gateway]) => gateway === url.origin) ?? [];
  return home === undefined ? url : moved(url, home);
}

/** The same address at another origin. Its path may begin with `//`, which must not be taken for one. */
function moved(url: URL, origin: string): URL {
  const target = new URL(origin);
  target.pathname = url.pathname;
  target.search = url.search;
  return target;
}

/** What is wrong with going from one URL to another; undefined when it may be done. */
export function borderTrouble(from: URL, to: URL, { own, allowed }: Borders): string | undefined {
  if (from.protocol === 'https:' && to.protocol === 'http:')
    return `leads from https to ${to.origin}, which anybody could read`;
  if (own.has(to.origin) || allowed.has(to.origin)) return undefined;
  return `leads to ${to.origin}; if that is right, add it to the source's allow_hosts`;
}

/** A request as it may go over a border: no header with a secret leaves the manifest's own origins. */
export function atBorder(request: Prepared, { own }: Borders): Prepared {
  if (own.has(request.url.origin)) return request;
  return { ...request, headers: request.headers.filter(one => !one.secret) };
}

/** The request that a redirect asks for. */
export function redirected(request: Prepared, url: URL, status: number): Prepared {
  const again = status === 307 || status === 308 || request.method === 'GET' || request.method === 'HEAD';
  if (again) return { ...request, url };
  return { ...request, url, method: 'GET', body: undefined, headers: withoutContent(request.headers) };
}

const withoutContent = (headers: Prepared['headers']) => headers.filter(({ name }) => !/^content-/i.test(name));

/** The URL that a request is really sent to. */
export function gatewayUrl(url: URL, { hosts }: Borders): URL {
  const gateway = hosts.get(url.origin);
  return gateway === undefined ? url : moved(url, gateway);
}
