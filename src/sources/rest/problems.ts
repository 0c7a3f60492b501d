import type { BlockConfig, ManifestConfig, RequestConfig } from '../../config/manifest.ts';
import type { RestSourceConfig } from '../../config/sources.ts';
import type { ValueConfig } from '../../config/values.ts';
import { isObject, type Json } from './json.ts';
import { originIn, UnusableRequest } from './request.ts';
import { headOf, isSent, lookupIn } from './scope.ts';
import { parseTemplate, type Template, TemplateError } from './template.ts';
import { isGenerated } from './values.ts';

/** What the schema cannot know of a manifest: its templates, and whether every name in them has a value. */

export type Judged = Pick<RestSourceConfig, 'manifest' | 'values' | 'action' | 'match'> & {
  readonly expect?: RestSourceConfig['expect'];
};

/** A text that is a template, where it stands, and which names besides the variables it may have. */
interface Use {
  readonly path: string;
  readonly text: string;
  readonly steps: readonly string[];
  /** True where it has to become an address that can be asked. */
  readonly address?: true;
}

/** Every problem, the path in the manifest first. */
export function manifestProblems(judged: Judged): string[] {
  const { manifest } = judged;
  return [
    ...usesIn(manifest).flatMap(use => useProblems(use, judged)),
    ...fieldTexts(manifest).flatMap(({ path, text }) =>
      'problem' in taken(text) ? [`${path}: ${problemOf(text)}`] : [],
    ),
    ...urlProblems(judged),
    ...matchProblems(judged),
    ...expectProblems(judged),
    ...strangeValues(judged),
  ];
}

function taken(text: string): { readonly template: Template } | { readonly problem: string } {
  try {
    return { template: parseTemplate(text) };
  } catch (error) {
    if (error instanceof TemplateError) return { problem: error.message };
    throw error;
  }
}

function problemOf(text: string): string {
  const parsed = taken(text);
  return 'problem' in parsed ? parsed.problem : '';
}

function useProblems({ path, text, steps }: Use, { manifest, values }: Judged): string[] {
  const parsed = taken(text);
  if ('problem' in parsed) return [`${path}: ${parsed.problem}`];
  const variables = new Map(manifest.initial_data_form.map(one => [one.id, one]));
  return parsed.template.names.flatMap(({ name, optional }) => {
    if (optional || Object.hasOwn(values, name) || steps.some(step => name === step || name.startsWith(`${step}.`)))
      return [];
    const variable = variables.get(name);
    if (variable)
      return isGenerated(variable)
        ? []
        : [`${path}: {{ ${name} }} has no value; ${wayOut(name, variable.description)}`];
    return [`${path}: {{ ${name} }} ${unknown(name, steps, [...variables.keys()])}`];
  });
}

const wayOut = (name: string, what: string) =>
  `set values.${name}${what === '' ? '' : ` (${what.replace(/\.$/, '')})`}`;

function unknown(name: string, steps: readonly string[], variables: readonly string[]): string {
  if (headOf(name) === 'responses') return 'is the answer to a request that is made later, or never';
  if (headOf(name) === 'item') return 'is only there in what for_each asks for';
  const known = [...variables, ...steps];
  return `is not known here${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`;
}

function usesIn(manifest: ManifestConfig): Use[] {
  const { departments, oauth, headers } = manifest;
  const tokens = [...(oauth?.access_token || oauth?.authenticate_url ? ['oauth'] : []), ...(oauth?.jwt ? ['JWT'] : [])];
  const browser = ['code', 'redirect_url', 'REDIRECT_URL', 'state'];
  const inHeaders = Object.entries(headers).map(([name, text]) => ({
    path: `headers.${name}`,
    text,
    steps: anywhere(manifest, tokens),
  }));
  return [
    ...inHeaders,
    ...blockUses('', manifest, tokens),
    ...(departments ? blockUses('departments.', departments, tokens) : []),
    ...(oauth?.authenticate_url === undefined
      ? []
      : [{ path: 'oauth.authenticate_url', text: oauth.authenticate_url, steps: browser }]),
    ...(oauth?.access_token ? requestUses('oauth.access_token', oauth.access_token, [...browser, ...tokens]) : []),
    ...(oauth?.refresh ? requestUses('oauth.refresh', oauth.refresh, tokens) : []),
    ...(oauth?.jwt
      ? [
          { path: 'oauth.jwt.key', text: oauth.jwt.key, steps: [] },
          ...textsOf('oauth.jwt.claims', oauth.jwt.claims, []),
        ]
      : []),
  ];
}

/** The manifest's own headers go with every request, so they may have what any request may have. */
function anywhere({ execute, for_each, departments }: ManifestConfig, tokens: readonly string[]): string[] {
  const requests = Math.max(execute.length, departments?.execute.length ?? 0);
  const items = for_each !== undefined || departments?.for_each !== undefined;
  return [...tokens, ...answers(requests - 1), ...(items ? ['item'] : [])];
}

const answers = (count: number) => Array.from({ length: Math.max(0, count) }, (_, place) => `responses.${place}`);

function blockUses(prefix: string, block: BlockConfig, tokens: readonly string[]): Use[] {
  const { execute, next_page, for_each } = block;
  const ofEach = (place: number) => (for_each === 'self' ? place === execute.length - 1 : for_each !== undefined);
  const steps = (place: number) => [...tokens, ...answers(place), ...(ofEach(place) ? ['item'] : [])];
  const last = execute.length - 1;
  return [
    ...execute.flatMap((request, place) => requestUses(`${prefix}execute[${place}]`, request, steps(place))),
    ...(next_page === undefined
      ? []
      : [
          {
            path: `${prefix}next_page`,
            text: next_page,
            steps: [...steps(last), 'NEXT_PAGE_TOKEN'],
            address: true as const,
          },
        ]),
  ];
}

function requestUses(path: string, request: RequestConfig, steps: readonly string[]): Use[] {
  const { url, headers = {}, data, continue_if } = request;
  return [
    { path: `${path}.url`, text: url, steps, address: true },
    ...Object.entries(headers).map(([name, text]) => ({ path: `${path}.headers.${name}`, text, steps })),
    ...textsOf(`${path}.data`, data as Json | undefined, steps),
    ...(continue_if ? [{ path: `${path}.continue_if.value`, text: continue_if.value, steps }] : []),
  ];
}

function textsOf(path: string, data: Json | undefined, steps: readonly string[]): Use[] {
  if (typeof data === 'string') return [{ path, text: data, steps }];
  if (Array.isArray(data)) return data.flatMap((one, place) => textsOf(`${path}[${place}]`, one, steps));
  if (!isObject(data)) return [];
  return Object.entries(data).flatMap(([key, one]) => [
    { path: `${path}.${key}`, text: key, steps },
    ...textsOf(`${path}.${key}`, one, steps),
  ]);
}

/** The templates of value objects: their names are of the record, so only the form can be wrong. */
function fieldTexts(manifest: ManifestConfig): { path: string; text: string }[] {
  const of = (prefix: string, structure: Readonly<Record<string, ValueConfig>>) =>
    Object.entries(structure).flatMap(([name, value]) =>
      typeof value === 'string' || Array.isArray(value) || value.template === undefined
        ? []
        : [{ path: `${prefix}data_structure.${name}.template`, text: value.template }],
    );
  return [
    ...of('', manifest.data_structure),
    ...(manifest.departments ? of('departments.', manifest.departments.data_structure) : []),
  ];
}

/** Addresses that cannot be asked, whatever servers say. What has no value was told already. */
function urlProblems({ manifest, values }: Judged): string[] {
  const lookup = lookupIn({ values: new Map(Object.entries(values)) });
  const generated = new Set(manifest.initial_data_form.flatMap(one => (isGenerated(one) ? one.id : [])));
  const isOpen = ({ name, optional }: Template['names'][number]) =>
    !optional && !isSent(name) && !generated.has(name) && lookup(name) === undefined;
  return usesIn(manifest).flatMap(({ path, text, address }) => {
    const parsed = taken(text);
    if (!address || 'problem' in parsed || parsed.template.names.some(isOpen)) return [];
    try {
      originIn(parsed.template, lookup);
      return [];
    } catch (error) {
      if (error instanceof UnusableRequest) return [`${path}: ${error.message}`];
      throw error;
    }
  });
}

/** A field that no row can have is missing in all of them. */
function expectProblems({ manifest, expect }: Judged): string[] {
  const known = Object.keys(manifest.data_structure);
  const strange = (expect?.fields ?? []).filter(field => !known.includes(field));
  return strange.map(field => `expect.fields: "${field}" is not in data_structure; there are ${known.join(', ')}`);
}

/** An update that names nobody updates nobody. */
function matchProblems({ manifest, action, match }: Judged): string[] {
  if (action === 'create' || match in manifest.data_structure) return [];
  const way = `add it there, or with the source's extend: { data_structure: { ${match}: … } }`;
  return [`data_structure.${match}: is missing: an update finds the people whom it is about by their ${match}; ${way}`];
}

function strangeValues({ manifest, values }: Judged): string[] {
  const used = new Set(usesIn(manifest).flatMap(({ text }) => namesIn(text)));
  const ids = manifest.initial_data_form.map(one => one.id);
  const strange = Object.keys(values).filter(id => !ids.includes(id) && !used.has(id));
  const known = ids.length > 0 ? `; there are ${ids.join(', ')}` : '; it has none';
  return strange.map(id => `values.${id}: the manifest has no such variable${known}`);
}

function namesIn(text: string): string[] {
  const parsed = taken(text);
  return 'template' in parsed ? parsed.template.names.map(one => one.name) : [];
}
