import { hash } from 'node:crypto';
import type { RestSourceConfig } from '../../config/sources.ts';
import { HttpClient } from '../../connect/http.ts';
import type { Clock } from '../clock.ts';
import { attempt } from '../mapping.ts';
import { type CompiledBlock, type CompiledManifest, compileManifest, requestsOf } from './compile.ts';
import { inOrder } from './in-order.ts';
import { isObject, type Json } from './json.ts';
import { OAuth } from './oauth.ts';
import { ask, type ListPage, pagesOf } from './pages.ts';
import type { Borders } from './redirect.ts';
import { originIn } from './request.ts';
import type { Judge, Recorded, RowOf } from './rows.ts';
import { lookupIn, type Scope } from './scope.ts';
import { Secrets } from './secrets.ts';
import { Session } from './session.ts';
import { parseTemplate } from './template.ts';
import { type TokenStore, tokensInFile, tokensInMemory } from './tokens.ts';
import { valuesOf } from './values.ts';

/** Most bytes of one answer, inflated. */
const LARGEST = 64 * 1024 * 1024;
/** How many records are asked about at once by `for_each`. */
const AT_ONCE = 4;

const NO_ITEM = { item: undefined };

export type ManifestSettings = Pick<
  RestSourceConfig,
  'manifest' | 'values' | 'hosts' | 'allow_hosts' | 'timeout' | 'max_pages' | 'tls' | 'tokens'
>;

export interface Circumstances {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `YYYY-MM-DD`. */
  readonly today: string;
}

/** A page of rows: what the manifest makes of one page of records. */
export interface RowPage {
  /** Those that the filter lets through. */
  readonly rows: readonly RowOf[];
  /** All of them. */
  readonly unfiltered: readonly RowOf[];
  /** How many records there were before the filter. */
  readonly records: number;
}

/** The rows of all pages. */
export async function allRows(pages: AsyncIterable<RowPage>): Promise<RowOf[]> {
  const rows: RowOf[] = [];
  for await (const page of pages) rows.push(...page.rows);
  return rows;
}

/** One reading of what a manifest describes. Nothing is opened before something is asked; disposing of it closes all. */
export class ManifestReading implements AsyncDisposable {
  readonly manifest: CompiledManifest;
  readonly secrets = new Secrets();
  readonly #client: HttpClient;
  readonly #done = new AbortController();
  readonly #scope: Scope;
  readonly #session: Session;
  readonly #oauth: OAuth | undefined;

  constructor(settings: ManifestSettings, { clock, signal, today }: Circumstances) {
    this.manifest = compileManifest(settings.manifest, { today, max_pages: settings.max_pages });
    const values = valuesOf(settings.manifest.initial_data_form, settings.values);
    for (const [id, value] of values) if (this.manifest.isSecret(id)) this.secrets.add(value);
    this.#scope = { values };
    this.#client = new HttpClient({ timeout: settings.timeout, limit: LARGEST, tls: settings.tls });
    const borders = bordersOf(this.manifest, settings, this.#scope);
    const ended = AbortSignal.any([signal, this.#done.signal]);
    const common = { client: this.#client, clock, secrets: this.secrets, borders, signal: ended };
    const { oauth } = this.manifest;
    const store: TokenStore =
      settings.tokens === undefined ? tokensInMemory() : tokensInFile(settings.tokens, ownerOf(settings, borders));
    this.#oauth = oauth && new OAuth(oauth, { ...common, session: new Session(common), scope: this.#scope, store });
    this.#session = new Session({ ...common, tokens: this.#oauth });
  }

  /** Requests sent so far, but for those that got tokens. */
  get requests(): number {
    return this.#session.requests;
  }

  /** Trades a code from a browser for tokens, and keeps them. */
  async authorize(code: string, more: Readonly<Record<string, string>>): Promise<void> {
    await this.#oauth?.trade(code, more);
  }

  /** The people, page by page; `departments` are what was read before, for a list that is asked for each of them. */
  people(departments: readonly RowOf[] = []): AsyncGenerator<RowPage> {
    const { people } = this.manifest;
    return this.#pages(people, people.list.config.for_each === 'departments' ? departments : undefined);
  }

  /** The departments; `people` are what was read before, for a list that is asked for each of them. */
  async *departments(people: readonly RowOf[] = []): AsyncGenerator<RowPage> {
    const { departments } = this.manifest;
    if (!departments) return;
    yield* this.#pages(departments, departments.config.for_each === 'people' ? people : undefined);
  }

  async *#pages(block: CompiledBlock, items: readonly RowOf[] | undefined): AsyncGenerator<RowPage> {
    if (items === undefined) {
      for await (const page of pagesOf(block.list, this.#session, this.#scope)) yield await this.#rows(block, page);
      return;
    }
    const ofItem = async (item: RowOf) => {
      const pages: RowPage[] = [];
      const scope = { ...this.#scope, item: withRow(item) };
      for await (const page of pagesOf(block.list, this.#session, scope))
        pages.push(await this.#rows(block, page, { item: scope.item, of: item.row }));
      return pages;
    };
    for await (const pages of inOrder(items, AT_ONCE, ofItem)) yield* pages;
  }

  async #rows(block: CompiledBlock, page: ListPage, each: Pick<Recorded, 'item' | 'of'> = NO_ITEM): Promise<RowPage> {
    const { detail, unwrap, filter } = block;
    const listed = detail ? page.records : page.records.map(one => unwrap?.(one) ?? one);
    const records = detail ? await this.#details(listed, detail, block) : listed;
    const rows = records.map(record => block.row({ record, ...each }));
    const some = filter ? rows.flatMap(row => kept(row, filter)) : rows;
    return { rows: some, unfiltered: rows, records: page.records.length };
  }

  /** For each record of a list what its own request tells, laid over what the list told. */
  async #details(listed: readonly Json[], detail: NonNullable<CompiledBlock['detail']>, { unwrap }: CompiledBlock) {
    const records: Json[] = [];
    const one = async (item: Json): Promise<Json[]> => {
      const answer = await ask(detail, this.#session, { ...this.#scope, item }, { page: undefined });
      if (answer.empty) return [];
      if (answer.body === undefined) throw this.#session.failure('expected JSON', answer, answer.text);
      const told = unwrap ? unwrap(answer.body) : answer.body;
      if (!isObject(told)) throw this.#session.failure('expected a record', answer, answer.text);
      return [isObject(item) ? { ...item, ...told } : told];
    };
    for await (const some of inOrder(listed, AT_ONCE, one)) records.push(...some);
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#done.abort();
    await this.#client[Symbol.asyncDispose]();
  }
}

/** Whoever cannot be judged is not left out: the date that says nothing is a broken field. */
function kept(row: RowOf, filter: Judge): RowOf[] {
  const judged = attempt(filter, row);
  if ('why' in judged) return [{ ...row, broken: [...row.broken, { field: 'active', why: judged.why }] }];
  return judged.value ? [row] : [];
}

/** What `item` is: the record, and under the names of its row what that made of it. */
const withRow = ({ record, row }: RowOf): Json =>
  isObject(record) ? { ...Object.fromEntries(row), ...record } : Object.fromEntries(row);

/** What tells one service, and one account on it, from another; a secret that was replaced changes nothing in that. */
function ownerOf({ manifest, values }: ManifestSettings, { own }: Borders): string {
  const open = Object.entries(values).filter(([id]) => !/secret|password|key|token/i.test(id));
  return hash('sha256', JSON.stringify([manifest.oauth, [...own].sort(), open.sort()])).slice(0, 16);
}

function bordersOf(manifest: CompiledManifest, { hosts, allow_hosts }: ManifestSettings, scope: Scope): Borders {
  const lookup = lookupIn(scope);
  const originOf = (url: string) => new URL(url).origin;
  const { people, departments } = manifest;
  const further = [people, departments].flatMap(block => block?.list.config.next_page ?? []);
  const origins = [
    ...requestsOf(manifest).map(request => request.origin(lookup)),
    ...further.map(text => originIn(parseTemplate(text), lookup)),
  ];
  return {
    own: new Set(origins.flatMap(origin => origin ?? [])),
    allowed: new Set(allow_hosts.map(originOf)),
    hosts: new Map(Object.entries(hosts).map(([home, gateway]) => [originOf(home), originOf(gateway)])),
  };
}
