import { z } from 'zod';
import { between, count, paginate, pagingTrouble } from './manifest-paging.ts';
import { croner } from './manifest-schedule.ts';
import { condition, scalar, text, valueFrom } from './values.ts';

/** The grammar of a REST manifest: ChiefOnboarding's keys as it means them, and our additions. */

/** What a manifest written for ChiefOnboarding may have, and only makes sense where something is created elsewhere. */
const refused = z
  .custom<unknown>(given => isBlank(given), 'is not available in a sync manifest')
  .transform(() => undefined)
  .optional();
const isBlank = (given: unknown) =>
  given === undefined ||
  given === null ||
  given === '' ||
  (typeof given === 'object' && Object.keys(given).length === 0);

const REFUSED = { store_data: refused, save_as_file: refused, files: refused, extra_headers: refused };

const STATUS = /^[1-5]\d\d$/;
const statuses = z.array(
  z
    .union([z.string(), z.number()])
    .transform(Number)
    .refine(code => STATUS.test(String(code)), 'is no HTTP status'),
);

/** A path into JSON, such as `data.people.0.name`; `""` is the whole. */
const notation = z.string();
const headers = z.record(z.string(), z.string());
const oneOf = z.strictObject({ response_notation: notation, value: scalar.transform(String) });
const values = z.strictObject({
  response_notation: notation,
  values: z.array(scalar.transform(String)).min(1, 'is empty'),
});

const NESTED =
  'is nested, and a form is flat; set "cast_data_to_json": false, or "body_format": "json", to send it as JSON';

/** One request, before anything is filled in. */
const request = z
  .strictObject({
    url: text,
    method: z.enum(['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
    headers: headers.optional(),
    data: z.json().optional(),
    cast_data_to_json: z.boolean().default(true),
    body_format: z.enum(['json', 'form']).optional(),
    status_code: statuses.optional(),
    continue_if: oneOf.optional(),
    polling: z.strictObject({ interval: between(1, 3600), amount: between(1, 100) }).optional(),
    empty_status: statuses.default([]).describe('codes that mean "no records"'),
    empty_if: values.optional().describe('what means "no records" inside a 200'),
    retry_if: values.optional().describe('an error inside a 200'),
    ...REFUSED,
  })
  .superRefine(({ data, cast_data_to_json, body_format, polling, continue_if }, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (polling && !continue_if) wrong(['polling'], 'needs continue_if, which says when to go on');
    if (body_format === 'json' || (body_format === undefined && !cast_data_to_json)) return;
    if (Array.isArray(data)) wrong(['data'], NESTED);
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return;
    for (const [name, one] of Object.entries(data)) {
      const list = Array.isArray(one) ? one : [one];
      if (list.some(part => typeof part === 'object' && part !== null)) wrong(['data', name], NESTED);
    }
  });

/** A list of records, page by page. */
const block = {
  execute: z.array(request).min(1, 'is empty: there is no request to make'),
  data_from: notation.nullish().transform(given => given ?? ''),
  next_page_from: notation.nullish().transform(given => given || undefined),
  next_page_token_from: notation.nullish().transform(given => given || undefined),
  next_page: z
    .string()
    .nullish()
    .transform(given => given || undefined),
  amount_pages_to_fetch: count.nullish().transform(given => (given && given > 0 ? given : undefined)),
  paginate: paginate.optional(),
  expect_total_from: text.optional().describe('notation, or header:NAME, of how many records there are'),
  single_page: z.boolean().default(false),
  record_from: notation.optional().describe('unwraps each record'),
  filter: condition.optional().describe('the records that count'),
};

/** What a field of a record is: a notation, or a value object. */
const value = valueFrom(notation);

const peopleBlock = z.strictObject({
  ...block,
  data_structure: z.record(z.string(), value).refine(map => Object.keys(map).length > 0, 'is empty'),
  for_each: z.enum(['departments', 'self']).optional(),
  active: condition.optional().describe('who has not left'),
});

const departmentsBlock = z
  .strictObject({
    ...block,
    data_structure: z.record(z.string(), value).refine(map => Object.hasOwn(map, 'group_no'), {
      path: ['group_no'],
      error: 'is missing: the code that a department is known by',
    }),
    for_each: z.enum(['people', 'self']).optional(),
    match: text.default('group_no').describe("which of data_structure a person's departments name"),
    member_key: text.optional().describe("which of the people's data_structure the members name; default: the key"),
  })
  .superRefine((one, context) => {
    pagingTrouble(one, context);
    if (one.match !== 'group_no' && !Object.hasOwn(one.data_structure, one.match)) {
      context.addIssue({ code: 'custom', path: ['match'], message: `"${one.match}" is not in data_structure` });
    }
  });

const oauth = z
  .strictObject({
    authenticate_url: text.optional(),
    access_token: request.optional(),
    refresh: request.optional(),
    without_code: z.boolean().default(false),
    expires_in_from: notation.default('expires_in').describe('seconds that a token is good for'),
    jwt: z
      .strictObject({
        alg: z.enum(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'PS256', 'HS256', 'HS384', 'HS512']),
        key: text.describe('the private key in PEM form, or the secret of HS256'),
        claims: z.record(z.string(), z.json()),
        ttl: between(1, 86_400).default(3600).describe('seconds until it expires'),
      })
      .optional(),
  })
  .superRefine(({ authenticate_url, access_token, jwt }, context) => {
    if (access_token !== undefined || (jwt !== undefined && authenticate_url === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: ['access_token'],
      message: 'is missing: the request that gives the token',
    });
  });

const variable = z.looseObject({
  id: text.regex(/^[A-Za-z_]\w*$/, 'is no name that {{ }} could hold'),
  name: z.string().default(''),
  description: z.string().default(''),
  secret: z.boolean().default(true),
  type: z.string().optional(),
});

const IGNORED = [
  'form',
  'exists',
  'revoke',
  'extra_user_info',
  'post_execute_notification',
  'type',
  'name',
  'description',
] as const;
const ignored = Object.fromEntries(IGNORED.map(name => [name, z.unknown().optional()])) as Record<
  Exclude<(typeof IGNORED)[number], 'type'>,
  z.ZodOptional<z.ZodUnknown>
>;

export const manifestSchema = peopleBlock
  .extend({
    headers: headers.default({}),
    action: z.enum(['create', 'update']).default('create'),
    schedule: z.string().nullish().transform(croner),
    initial_data_form: z.array(variable).default([]),
    oauth: oauth.optional(),
    departments: departmentsBlock.optional(),
    ...ignored,
    // No literal: that would be what tells the forms of a document apart.
    type: z.enum(['import_users']).optional(),
    ...REFUSED,
  })
  .superRefine((manifest, context) => {
    pagingTrouble(manifest, context);
    const names = manifest.initial_data_form.map(one => one.id);
    for (const [place, id] of names.entries()) {
      if (names.indexOf(id) === place) continue;
      context.addIssue({ code: 'custom', path: ['initial_data_form', place, 'id'], message: `"${id}" is there twice` });
    }
    if (manifest.for_each !== 'departments') return;
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['for_each'], message });
    if (manifest.departments === undefined) wrong('needs a departments block');
    else if (manifest.departments.for_each === 'people')
      wrong('waits for departments, which wait for people themselves');
  });

export type ManifestConfig = z.output<typeof manifestSchema>;
export type RequestConfig = z.output<typeof request>;
export type PaginateConfig = z.output<typeof paginate>;
export type OAuthConfig = z.output<typeof oauth>;
export type VariableConfig = z.output<typeof variable>;
export type DepartmentsBlockConfig = z.output<typeof departmentsBlock>;
/** What the two lists of a manifest have in common. */
export type BlockConfig = Pick<ManifestConfig, keyof typeof block | 'data_structure'> & {
  readonly for_each?: 'departments' | 'people' | 'self' | undefined;
};

/** The keys of this manifest that a sync has no use for. */
export const ignoredKeys = (manifest: ManifestConfig): string[] => IGNORED.filter(name => manifest[name] !== undefined);
