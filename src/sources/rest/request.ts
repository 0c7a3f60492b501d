import type { RequestConfig } from '../../config/manifest.ts';
import { isObject, type Json, textOf } from './json.ts';
import { isSent } from './scope.ts';
import { type Encode, type Lookup, parseTemplate, type Template } from './template.ts';

/** A request of a manifest with everything filled in; it has not been sent. */
export interface Prepared {
  readonly method: string;
  /** Where the manifest says; `hosts` are applied when it is sent. */
  readonly url: URL;
  readonly headers: readonly PreparedHeader[];
  readonly body: string | undefined;
  /** True when a server had a say in the origin of the URL. */
  readonly led: boolean;
}

export interface PreparedHeader {
  readonly name: string;
  readonly value: string;
  /** A header that no other origin may see. */
  readonly secret: boolean;
}

/** A request that cannot be made as it is filled in. */
export class UnusableRequest extends Error {
  override readonly name = 'UnusableRequest';
}

/** A request of a manifest, its templates taken apart. */
export interface CompiledRequest {
  readonly config: RequestConfig;
  /** Fills the names in. Throws a MissingValue or an UnusableRequest. */
  prepare(lookup: Lookup): Prepared;
  /** The same headers for another URL, that of a further page. */
  follow(url: string, lookup: Lookup): Prepared;
  /** Of the URL, where nothing that a server sends has a say in it. */
  origin(lookup: Lookup): string | undefined;
}

interface Surroundings {
  /** Of the manifest: they count where a request has none of its own. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether what stands under a name must not be told. */
  isSecret(name: string): boolean;
}

export function compileRequest(config: RequestConfig, { headers, isSecret }: Surroundings): CompiledRequest {
  const url = parseTemplate(config.url);
  const given = Object.entries(Object.keys(config.headers ?? {}).length > 0 ? (config.headers ?? {}) : headers);
  const makers = given.map(([name, value]) => compileHeader(name, value, isSecret));
  const body = compileBody(config, given);
  const prepared = (target: string, led: boolean, lookup: Lookup): Prepared => {
    const own = makers.map(make => make(lookup));
    return {
      method: config.method,
      url: parseUrl(target),
      headers: withDefaults(own, body.type),
      body: body.make(lookup),
      led,
    };
  };
  return {
    config,
    prepare: lookup => prepared(url.render(lookup, inUrl), isLed(url, lookup), lookup),
    follow: (target, lookup) => ({ ...prepared(target, true, lookup), method: 'GET', body: undefined }),
    origin: lookup => originIn(url, lookup),
  };
}

/** The origin of the address that a template makes; undefined where something that a server sends has a say in it. */
export const originIn = (url: Template, lookup: Lookup) =>
  isLed(url, lookup) ? undefined : parseUrl(url.render(orNothing(url, lookup), inUrl)).origin;

/** For the origin alone the rest of a URL does not matter. */
function orNothing({ names }: Template, lookup: Lookup): Lookup {
  const optional = new Set(names.flatMap(one => (one.optional ? one.name : [])));
  return name => lookup(name) ?? (optional.has(name) ? undefined : 'x');
}

/** Fills in `next_page`: the token is encoded unless it already is. */
export const nextPageUrl = (template: Template, lookup: Lookup) =>
  template.render(lookup, (text, place) => inUrl(text, { ...place, raw: place.raw || isEncoded(text) }));

const isEncoded = (text: string) =>
  /%[0-9a-f]{2}/i.test(text) && !/%(?![0-9a-f]{2})/i.test(text) && !/[^!-~]/.test(text);

const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*$/i;

/** In the path and the query a value is encoded; what stands before them is the address itself. */
const inUrl: Encode = (text, { before, raw }) => {
  if (before === '') return text;
  if (/^\.\.?$/.test(text) && !/[?#]/.test(before)) throw new UnusableRequest(`has "${text}" for a part of its path`);
  if (!authority.test(before)) return raw ? text : encodeURIComponent(text);
  if (/[/?#@\\\s]/.test(text)) throw new UnusableRequest('has a value in its host name that is none');
  return text;
};

/** Whether a name that a server sent stands where the origin is said. */
export function isLed(url: Template, lookup: Lookup): boolean {
  let led = false;
  const names = [...url.names];
  url.render(orNothing(url, lookup), (text, { before }) => {
    const { name = '' } = names.shift() ?? {};
    if ((before === '' || authority.test(before)) && isSent(name)) led = true;
    return text;
  });
  return led;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UnusableRequest('has no address that could be asked; a URL begins with https:// or http://');
  }
  return url;
}

/** Headers that tell who we are, whatever they are filled with. */
const TELLING = /^(authorization|proxy-authorization|cookie|x-api-key|.*(token|secret|password|apikey).*)$/i;

function compileHeader(name: string, text: string, isSecret: (name: string) => boolean) {
  const basic = /^authorization$/i.test(name) ? /^basic\s+/i.exec(text) : null;
  const template = parseTemplate(basic ? text.slice(basic[0].length) : text);
  const secret = TELLING.test(name) || template.names.some(one => isSecret(one.name));
  return (lookup: Lookup): PreparedHeader => {
    const value = template.render(lookup);
    return { name, value: basic ? `Basic ${Buffer.from(value, 'utf8').toString('base64')}` : value, secret };
  };
}

function withDefaults(headers: readonly PreparedHeader[], type: string | undefined): PreparedHeader[] {
  const defaults = { accept: 'application/json, */*;q=0.5', 'user-agent': 'rosterd', 'content-type': type };
  const has = (name: string) => headers.some(one => one.name.toLowerCase() === name);
  return [
    ...headers,
    ...Object.entries(defaults).flatMap(([name, value]) =>
      value === undefined || has(name) ? [] : [{ name, value, secret: false }],
    ),
  ];
}

interface CompiledBody {
  readonly type: string | undefined;
  make(lookup: Lookup): string | undefined;
}

function compileBody(config: RequestConfig, headers: readonly (readonly [string, string])[]): CompiledBody {
  const { data, cast_data_to_json, body_format } = config;
  if (data === undefined || data === null) return { type: undefined, make: () => undefined };
  if (typeof data === 'string') return textBody(data, headers);
  const asJson = body_format === undefined ? !cast_data_to_json : body_format === 'json';
  const fill = compileData(data as Json);
  if (asJson) return { type: 'application/json', make: lookup => JSON.stringify(fill(lookup)) };
  const empty = isObject(data) && Object.keys(data).length === 0;
  return {
    type: empty ? undefined : 'application/x-www-form-urlencoded',
    make: lookup => formOf(fill(lookup)) || undefined,
  };
}

/** Text goes out as it is; what is filled in is encoded for what the text is. */
function textBody(text: string, headers: readonly (readonly [string, string])[]): CompiledBody {
  const template = parseTemplate(text);
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const isJson = /json/i.test(type) || /^\s*[[{]/.test(text);
  const encode: Encode = (value, { raw }) => {
    if (isJson) return JSON.stringify(value).slice(1, -1);
    return /urlencoded/i.test(type) && !raw ? encodeURIComponent(value) : value;
  };
  return {
    type: isJson ? 'application/json' : undefined,
    make: lookup => template.render(lookup, encode) || undefined,
  };
}

/** Every text in it is a template by itself, so whatever is filled in stays one text. */
function compileData(data: Json): (lookup: Lookup) => Json {
  if (typeof data === 'string') {
    const template = parseTemplate(data);
    return lookup => template.render(lookup);
  }
  if (Array.isArray(data)) {
    const parts = data.map(compileData);
    return lookup => parts.map(part => part(lookup));
  }
  if (!isObject(data)) return () => data;
  const parts = Object.entries(data).map(([key, value]) => [parseTemplate(key), compileData(value)] as const);
  return lookup => Object.fromEntries(parts.map(([key, part]) => [key.render(lookup), part(lookup)]));
}

/** As Python's requests writes forms, which these manifests were written for. */
export function formOf(data: Json): string {
  const form = new URLSearchParams();
  for (const [key, value] of isObject(data) ? Object.entries(data) : []) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'boolean') form.append(key, one ? 'True' : 'False');
      else if (one !== null) form.append(key, textOf(one) ?? '');
    }
  }
  return form.toString();
}
