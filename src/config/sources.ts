import iconv from 'iconv-lite';
import { z } from 'zod';
import { PERSON_FIELDS } from '../roster/model.ts';
import { database, directory, noStartTlsOnLdaps, tls } from './connections.ts';
import type { ManifestConfig } from './manifest.ts';
import { schedule } from './schedule.ts';
import { patience, seconds, share } from './units.ts';
import { condition, scalar, text, value } from './values.ts';

/** The sources of a configuration, a form for each type. */

const ACTIONS = ['create', 'update'] as const;

/** What every source has, whatever its type. */
const common = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'may have only a-z, 0-9, - and _, and starts with a letter or digit'),
  action: z.enum(ACTIONS).optional().describe('create (the default) brings people into being, update only enriches'),
  match: z
    .enum(['key', 'email', 'ad_no', 'username'])
    .optional()
    .describe('how a record joins a person of an earlier source; email for manifests, else key'),
  fields: z.array(text).min(1, 'is empty').optional().describe('the only fields that this source may set'),
  required: z.boolean().default(true).describe('false: while it fails, its last good extract stands in for it'),
  schedule: schedule.optional().describe('when it is read, if not in every run; runs in between use its last extract'),
};

const personMap = z
  .strictObject(
    Object.fromEntries([...PERSON_FIELDS, 'departments' as const].map(field => [field, value.optional()])) as Record<
      (typeof PERSON_FIELDS)[number] | 'departments',
      z.ZodOptional<typeof value>
    >,
  )
  .describe('field: column, list of columns (the first that is not empty), or value object');

/** How the people of a source of rows are mapped. */
const people = {
  key: text.optional().describe('what identifies a person for ever; without it, the username does'),
  map: personMap,
  extra: z.record(z.string(), value).optional().describe("attributes beyond OMFLOW's, kept in snapshots and diffs"),
  active: condition.optional(),
};

const departmentMap = z.strictObject({
  group_no: value,
  display_name: value.optional(),
  parent_group_no: value.optional(),
});
const membershipMap = z.strictObject({ key: value, group_no: value });

const encoding = z
  .string()
  .refine(name => iconv.encodingExists(name), 'is no encoding; write it like big5, shift_jis or windows-1252');

const rows = {
  query: text.optional().describe('one SELECT'),
  table: text.optional().describe('instead of a query: the name of a table or view'),
  encoding: z
    .record(z.string(), encoding)
    .optional()
    .describe('column to encoding, for legacy bytes such as Big5 in a latin1 column'),
};
const queryOrTable = (block: { query?: string | undefined; table?: string | undefined }) =>
  (block.query === undefined) !== (block.table === undefined);
const oneOfBoth = 'needs either query or table';

const sqlSource = z.strictObject({
  type: z.literal('sql'),
  ...common,
  ...database,
  timeouts: z
    .strictObject({ connect: patience.optional(), idle: patience.optional(), query: patience.optional() })
    .optional()
    .transform(given => ({
      connect: given?.connect ?? seconds(10),
      idle: given?.idle ?? seconds(60),
      query: given?.query ?? seconds(1800),
    })),
  people: z.strictObject({ ...rows, ...people }).refine(queryOrTable, oneOfBoth),
  departments: z
    .strictObject({ ...rows, map: departmentMap })
    .refine(queryOrTable, oneOfBoth)
    .optional(),
  memberships: z
    .strictObject({ ...rows, map: membershipMap })
    .refine(queryOrTable, oneOfBoth)
    .optional(),
});

const NO_ORIGIN = 'is not an origin; write it like https://api.example';
const origin = z.string().refine(url => URL.canParse(url) && new URL(url).origin === url.replace(/\/$/, ''), NO_ORIGIN);

const restSource = z.strictObject({
  type: z.literal('rest'),
  ...common,
  manifest: text.describe('the file of the manifest; it is used as it is'),
  values: z
    .record(z.string(), scalar.transform(String))
    .default({})
    .describe("the values of the manifest's initial_data_form"),
  extend: z.record(z.string(), z.unknown()).optional().describe('what the manifest should say, too, or otherwise'),
  hosts: z.record(origin, origin).default({}).describe('origin to origin: where to send what is meant for the first'),
  allow_hosts: z.array(origin).default([]).describe('further origins that links to the next page may lead to'),
  timeout: patience.default(seconds(120)).describe('of one request'),
  max_pages: z.int().min(1, 'is less than 1').default(1000),
  expect: z
    .strictObject({ fields: z.array(text).min(1, 'is empty'), max_missing: share.default(0.02) })
    .optional()
    .describe('fields that nearly everybody must have; a service that loses a permission drops them silently'),
  tokens: text.optional().describe('the file in which OAuth tokens are kept; default: beside the embedded store'),
  tls: tls.optional(),
});

const entries = {
  base: text.describe('the DN to search below'),
  filter: text.default('(objectClass=*)'),
  scope: z.enum(['sub', 'one']).default('sub').describe('everything below the base, or only what is right below it'),
};

const ldapSource = z
  .strictObject({
    type: z.literal('ldap'),
    ...common,
    ...directory,
    timeout: patience.default(seconds(60)).describe('of one answer: a page of entries, or a bind'),
    page_size: z.int().min(1, 'is less than 1').default(500).describe('entries a page'),
    people: z.strictObject({ ...entries, ...people }),
    departments: z
      .strictObject({
        ...entries,
        map: departmentMap,
        members: text.optional().describe('the attribute that lists the members, such as member or uniqueMember'),
      })
      .optional(),
  })
  .superRefine(noStartTlsOnLdaps);

const file = {
  file: text,
  encoding: encoding.default('utf-8').describe('utf-8, big5, shift_jis, utf-16 …; a byte order mark counts more'),
  delimiter: z.string().min(1, 'is empty').default(','),
  columns: z.array(text).min(1, 'is empty').optional().describe('the names of the columns, where no header does'),
};

const csvSource = z.strictObject({
  type: z.literal('csv'),
  ...common,
  settled: patience.default(seconds(2)).describe('a file that changed since is looked at twice, so long apart'),
  people: z.strictObject({ ...file, ...people }),
  departments: z.strictObject({ ...file, map: departmentMap }).optional(),
  memberships: z.strictObject({ ...file, map: membershipMap }).optional(),
});

export const source = z.discriminatedUnion('type', [sqlSource, restSource, ldapSource, csvSource]);

type Written = z.output<typeof source>;
type WrittenRest = Extract<Written, { type: 'rest' }>;

/** What a source does once everything that may say so was asked. */
interface Settled {
  readonly action: (typeof ACTIONS)[number];
  readonly match: NonNullable<Written['match']>;
}

export type SqlSourceConfig = Extract<Written, { type: 'sql' }> & Settled;
export type LdapSourceConfig = Extract<Written, { type: 'ldap' }> & Settled;
export type CsvSourceConfig = Extract<Written, { type: 'csv' }> & Settled;
/** A REST source with its manifest, `extend` laid over it. */
export type RestSourceConfig = Omit<WrittenRest, 'manifest' | 'extend'> &
  Settled & { readonly manifest: ManifestConfig; readonly manifest_file: string };
export type SourceConfig = SqlSourceConfig | RestSourceConfig | LdapSourceConfig | CsvSourceConfig;
/** A source as it is written, before its manifest was read. */
export type WrittenSource = Written;

/** A source as it takes part in runs. What a manifest says of itself counts where the configuration says nothing. */
export function settled(written: Written, manifest: ManifestConfig | undefined): SourceConfig {
  if (written.type !== 'rest') {
    return { ...written, action: written.action ?? 'create', match: written.match ?? 'key' };
  }
  if (manifest === undefined) throw new TypeError(`the manifest of source ${written.name} was not read`);
  const { extend: _, manifest: manifest_file, ...rest } = written;
  return {
    ...rest,
    manifest,
    manifest_file,
    action: written.action ?? manifest.action,
    match: written.match ?? 'email',
    schedule: written.schedule ?? manifest.schedule,
  };
}
