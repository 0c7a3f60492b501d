import type {
  BlockConfig,
  DepartmentsBlockConfig,
  ManifestConfig,
  OAuthConfig,
  RequestConfig,
} from '../../config/manifest.ts';
import { compileNotation, type Notation } from './notation.ts';
import type { List } from './pages.ts';
import { type CompiledRequest, compileRequest } from './request.ts';
import { compileJudge, compileRow, type Judge, type Recorded, type RowOf } from './rows.ts';
import { isSent, secretNames } from './scope.ts';
import { parseTemplate } from './template.ts';

/** A manifest, looked at once: what is asked per record is closures. */
export interface CompiledManifest {
  readonly config: ManifestConfig;
  readonly people: CompiledBlock;
  readonly departments: (CompiledBlock & { readonly config: DepartmentsBlockConfig }) | undefined;
  readonly oauth: CompiledOAuth | undefined;
  /** Judges whether somebody is still there; absent where everybody is. */
  readonly active: Judge | undefined;
  isSecret(name: string): boolean;
}

export interface CompiledBlock {
  readonly list: List;
  /** For `for_each: self`: the request that is made for each record of the list. */
  readonly detail: CompiledRequest | undefined;
  readonly unwrap: Notation | undefined;
  row(recorded: Recorded): RowOf;
  readonly filter: Judge | undefined;
}

export interface CompiledOAuth {
  readonly config: OAuthConfig;
  readonly access_token: CompiledRequest | undefined;
  readonly refresh: CompiledRequest | undefined;
}

/** Compiles a manifest that was checked; `today` is `YYYY-MM-DD`. */
export function compileManifest(
  config: ManifestConfig,
  settings: { today: string; max_pages: number },
): CompiledManifest {
  const isSecret = secretNames(config.initial_data_form);
  const request = (one: RequestConfig, isThere: IsThere) =>
    compileRequest(one, { headers: headersWith(config.headers, isThere), isSecret });
  const token = (one: RequestConfig) => request(one, () => false);
  const block = (one: BlockConfig): CompiledBlock => compileBlock(one, request, settings);
  const { departments, oauth } = config;
  return {
    config,
    people: block(config),
    departments: departments && { ...block(departments), config: departments },
    oauth: oauth && {
      config: oauth,
      access_token: oauth.access_token && token(oauth.access_token),
      refresh: oauth.refresh && token(oauth.refresh),
    },
    active: config.active && compileJudge(config.active, settings.today, { strict: true }),
    isSecret,
  };
}

function compileBlock(
  config: BlockConfig,
  compile: (one: RequestConfig, isThere: IsThere) => CompiledRequest,
  { today, max_pages }: { today: string; max_pages: number },
): CompiledBlock {
  const requests = config.execute.map((one, place) => compile(one, name => isAnswered(name, place, config)));
  const detail = config.for_each === 'self' ? requests.pop() : undefined;
  const request = requests.pop();
  if (request === undefined) throw new TypeError('a list without a request');
  return {
    list: { config, before: requests, request, max_pages },
    detail,
    unwrap: config.record_from === undefined ? undefined : compileNotation(config.record_from),
    row: compileRow(config.data_structure),
    filter: config.filter && compileJudge(config.filter, today),
  };
}

/** Whether a name of something that a server sends has a value when a request is made. */
type IsThere = (name: string) => boolean;

/** The manifest's headers without those that name what is yet to come: a later answer, the token that is asked for. */
function headersWith(headers: ManifestConfig['headers'], isThere: IsThere): Readonly<Record<string, string>> {
  const isReady = (text: string) => parseTemplate(text).names.every(({ name }) => !isSent(name) || isThere(name));
  return Object.fromEntries(Object.entries(headers).filter(([, text]) => isReady(text)));
}

function isAnswered(name: string, place: number, { for_each, execute }: BlockConfig): boolean {
  const [head, number] = name.split('.');
  if (head === 'responses') return Number(number) < place;
  if (head === 'item') return for_each === 'self' ? place === execute.length - 1 : for_each !== undefined;
  return true;
}

/** Every request of a manifest. */
export const requestsOf = ({ people, departments, oauth }: CompiledManifest): CompiledRequest[] => [
  ...[people, ...(departments ? [departments] : [])].flatMap(({ list, detail }) => [
    ...list.before,
    list.request,
    ...(detail ? [detail] : []),
  ]),
  ...[oauth?.access_token, oauth?.refresh].flatMap(one => one ?? []),
];
