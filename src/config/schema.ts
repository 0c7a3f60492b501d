import { Cron } from 'croner';
import iconv from 'iconv-lite';
import { z } from 'zod';
import { PERSON_FIELDS } from '../roster/model.ts';
import { duration, patience, share, timezone } from './units.ts';

const text = z.string().min(1, 'is empty');
const seconds = (count: number) => count * 1000;

/** TLS towards a server of yours. Certificates are always verified; without `ca_file`, against the system's own. */
const tls = z
  .strictObject({
    ca_file: text.optional().describe('PEM file of the authority that signed the server certificate'),
    cert_file: text.optional().describe('PEM file of our own certificate, where the server asks for one'),
    key_file: text.optional().describe('PEM file of the key to cert_file'),
    server_name: text.optional().describe('the name to expect in the certificate, when it is not that of the URL'),
  })
  .refine(
    block => (block.cert_file === undefined) === (block.key_file === undefined),
    'needs cert_file and key_file together',
  );

/** Whether an address says all that is needed to connect, in a form that can be taken apart. */
function isDatabase(url: string): boolean {
  if (url.startsWith('sqlite:')) return url !== 'sqlite:';
  try {
    const { hostname, username, password, pathname } = new URL(url);
    return hostname !== '' && [username, pathname.slice(1)].every(Boolean) && decodeURIComponent(url + password) !== '';
  } catch {
    return false;
  }
}

const NO_DATABASE = 'is not a database address; write mysql://user@host/database or sqlite:FILE';
const databaseUrl = text
  .regex(/^(mysql|sqlite):/, { error: NO_DATABASE, abort: true })
  .refine(isDatabase, NO_DATABASE)
  .describe('mysql://user@host/database (MySQL 5.7+, MariaDB 10+) or sqlite:FILE');

const database = {
  url: databaseUrl,
  password: text.optional().describe('better as ${file:NAME} or ${env:NAME}'),
  tls: tls.optional(),
};

const action = z.enum(['trim', 'lower', 'upper', 'before_at', 'digits', 'date']);

/** What a field is made from: a column, the first of several that is not empty, or a value object. */
const value = z.union([
  text,
  z.array(text).min(1, 'is empty'),
  z
    .strictObject({
      from: z.union([text, z.array(text).min(1, 'is empty')]).optional(),
      template: text.optional().describe('text with {{ column }} in it'),
      const: z.string().optional(),
      transform: z.union([action.transform(one => [one]), z.array(action)]).optional(),
      map: z.record(z.string(), z.string()).optional().describe('value to value; "*" stands for any other'),
      default: z.string().optional(),
    })
    .refine(
      object => [object.from, object.template, object.const].filter(given => given !== undefined).length === 1,
      'needs exactly one of from, template and const',
    ),
]);

type ConditionInput =
  | { all: ConditionInput[] }
  | { any: ConditionInput[] }
  | { not: ConditionInput }
  | {
      field: string;
      equals?: string | number | boolean | undefined;
      in?: (string | number)[] | undefined;
      empty?: boolean | undefined;
      before_today?: boolean | undefined;
      after_today?: boolean | undefined;
    };

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const OPERATORS = ['equals', 'in', 'empty', 'before_today', 'after_today'] as const;

/** Who is active: one comparison of a column, or several joined by all, any and not. */
const condition: z.ZodType<ConditionInput> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(condition).min(1, 'is empty') }),
    z.strictObject({ any: z.array(condition).min(1, 'is empty') }),
    z.strictObject({ not: condition }),
    z
      .strictObject({
        field: text,
        equals: scalar.optional(),
        in: z.array(z.union([z.string(), z.number()])).optional(),
        empty: z.boolean().optional(),
        before_today: z.boolean().optional(),
        after_today: z.boolean().optional(),
      })
      .refine(
        one => OPERATORS.filter(name => one[name] !== undefined).length === 1,
        `needs exactly one of ${OPERATORS.join(', ')}`,
      ),
  ]),
);

const rows = {
  query: text.optional().describe('one SELECT'),
  table: text.optional().describe('instead of a query: the name of a table or view'),
  encoding: z
    .record(
      z.string(),
      z
        .string()
        .refine(name => iconv.encodingExists(name), 'is no encoding; write it like big5, gb18030 or windows-1252'),
    )
    .optional()
    .describe('column to encoding, for legacy bytes such as Big5 in a latin1 column'),
};
const queryOrTable = (block: { query?: string | undefined; table?: string | undefined }) =>
  (block.query === undefined) !== (block.table === undefined);
const oneOfBoth = 'needs either query or table';

const personMap = z
  .strictObject(
    Object.fromEntries([...PERSON_FIELDS, 'departments' as const].map(field => [field, value.optional()])) as Record<
      (typeof PERSON_FIELDS)[number] | 'departments',
      z.ZodOptional<typeof value>
    >,
  )
  .describe('field: column, list of columns (the first that is not empty), or value object');

const sqlSource = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'may have only a-z, 0-9, - and _, and starts with a letter or digit'),
  type: z.literal('sql'),
  ...database,
  action: z.enum(['create', 'update']).default('create'),
  match: z
    .enum(['key', 'email', 'ad_no', 'username'])
    .default('key')
    .describe('how a record joins a person of an earlier source'),
  fields: z.array(text).min(1, 'is empty').optional().describe('the only fields that this source may set'),
  timeouts: z
    .strictObject({ connect: patience.optional(), idle: patience.optional(), query: patience.optional() })
    .optional()
    .transform(given => ({
      connect: given?.connect ?? seconds(10),
      idle: given?.idle ?? seconds(60),
      query: given?.query ?? seconds(1800),
    })),
  people: z
    .strictObject({
      ...rows,
      key: text.optional().describe('the column that identifies a person for ever; without it, the username does'),
      map: personMap,
      extra: z.record(z.string(), value).optional().describe("attributes beyond OMFLOW's, kept in snapshots and diffs"),
      active: condition.optional(),
    })
    .refine(queryOrTable, oneOfBoth),
  departments: z
    .strictObject({
      ...rows,
      map: z.strictObject({ group_no: value, display_name: value.optional(), parent_group_no: value.optional() }),
    })
    .refine(queryOrTable, oneOfBoth)
    .optional(),
  memberships: z
    .strictObject({ ...rows, map: z.strictObject({ key: value, group_no: value }) })
    .refine(queryOrTable, oneOfBoth)
    .optional(),
});

const ldapAuthenticator = z
  .strictObject({
    type: z.literal('ldap'),
    url: z
      .union([text.transform(one => [one]), z.array(text).min(1, 'is empty')])
      .refine(list => list.every(url => /^ldaps?:\/\/[^/]+\/?$/.test(url)), 'is not ldap://host or ldaps://host'),
    start_tls: z.boolean().default(false),
    tls: tls.optional(),
    timeout: patience.default(seconds(5)),
    bind_dn: text.optional().describe('{username}@corp.example, or a DN with {username} in it'),
    bind: z.strictObject({ dn: text, password: text }).optional().describe('the service account that searches'),
    base: text.optional(),
    filter: text.optional().describe('(uid={username})'),
    name_attribute: text.optional().describe('the attribute that must equal the name; default: the one in the filter'),
  })
  .superRefine((block, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const searches = block.base !== undefined || block.filter !== undefined;
    if ((block.bind_dn === undefined) === !searches) {
      wrong('bind_dn', 'needs either bind_dn, or base and filter to search by');
    } else if (searches && (block.base === undefined || block.filter === undefined)) {
      wrong(block.base === undefined ? 'base' : 'filter', 'is missing: a search needs both base and filter');
    }
    for (const name of ['bind_dn', 'filter'] as const) {
      if (block[name] !== undefined && !block[name].includes('{username}')) wrong(name, 'must contain {username}');
    }
    if (block.start_tls && block.url.some(url => url.startsWith('ldaps:'))) {
      wrong('start_tls', 'is for ldap:// addresses; ldaps:// is encrypted already');
    }
  });

const sqlAuthenticator = z.strictObject({
  type: z.literal('sql'),
  ...database,
  query: text.describe('one SELECT with one ? for the login, giving the password hash as its first column'),
  timeout: patience.default(seconds(5)),
});

const limit = z.union([
  share.transform(number => ({ share: number })),
  z.strictObject({
    floor: z.int().min(0, 'is less than 0').optional().describe('never fewer than this are allowed'),
    share: share.optional(),
    ceiling: z.int().min(0, 'is less than 0').optional().describe('never more than this are allowed'),
  }),
]);

const schedule = z.string().superRefine((pattern, context) => {
  try {
    if (new Cron(pattern, { paused: true }).nextRun() === null) {
      context.addIssue({ code: 'custom', message: `"${pattern}" never comes` });
    }
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `"${pattern}" is not a schedule (${(error as Error).message.replace(/^\w+: /, '')}); write it like "*/15 * * * *"`,
    });
  }
});

const NO_ADDRESS = 'is not an address; write 127.0.0.1:8642 or unix:/run/rosterd.sock';
const hasPort = (address: string) => address.startsWith('unix:') || Number(/\d+$/.exec(address)?.[0]) < 65_536;

const SCOPES = ['sync', 'authenticate'] as const;

/** The configuration file, as it stands in `config/rosterd.schema.json`. */
export const configSchema = z.strictObject({
  language: z.enum(['en', 'zh-TW', 'ja']).default('en').describe('of messages to OMFLOW'),
  timezone: timezone.default('UTC').describe('of the schedule, of dates such as a leave date, and of what is printed'),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  store: z
    .union([databaseUrl.transform(url => ({ url })), z.strictObject(database)])
    .transform(
      (store): { url: string; password?: string | undefined; tls?: z.output<typeof tls> | undefined } => store,
    ),
  server: z.strictObject({
    listen: z
      .string()
      .regex(/^(unix:.+|.+:\d{1,5})$/, { error: NO_ADDRESS, abort: true })
      .refine(hasPort, NO_ADDRESS)
      .default('127.0.0.1:8642'),
    clients: z
      .array(
        z.strictObject({
          name: text.regex(/^[^:\s]+$/, 'may have no colon and no blank: it is the user name of Basic auth'),
          scopes: z.array(z.enum(SCOPES)).min(1, 'is empty'),
          token_hash: z
            .string()
            .regex(/^sha256:[0-9a-f]{64}$/, 'is not sha256: and 64 hex digits; `rosterd token NAME` prints the line'),
        }),
      )
      .min(1, 'has no client, so nobody could call; `rosterd token omflow` prints a line to paste'),
  }),
  schedule: schedule.optional().describe('when runs start by themselves, as a cron pattern'),
  sync: z
    .strictObject({
      fresh_for: duration.optional(),
      deadline: patience.optional(),
      max_stale: duration.optional(),
      on_hold: z.enum(['fail', 'serve_last']).optional(),
    })
    .optional()
    .transform(given => ({
      fresh_for: given?.fresh_for ?? seconds(10),
      deadline: given?.deadline ?? seconds(15),
      max_stale: given?.max_stale ?? seconds(86_400),
      on_hold: given?.on_hold ?? ('fail' as const),
    })),
  sources: z.array(z.discriminatedUnion('type', [sqlSource])).min(1, 'is empty: there is nothing to pull from'),
  authenticate: z.array(z.discriminatedUnion('type', [ldapAuthenticator, sqlAuthenticator])).default([]),
  check: z
    .strictObject({
      usernames: z.enum(['ascii', 'unicode']).optional(),
      reserved: z.array(text).optional(),
      gender: z.enum(['male', 'female']).optional(),
      reused_email: z.enum(['quarantine', 'allow']).optional(),
    })
    .optional()
    .transform(given => ({
      usernames: given?.usernames ?? ('ascii' as const),
      reserved: given?.reserved ?? [],
      gender: given?.gender ?? ('male' as const),
      reused_email: given?.reused_email ?? ('quarantine' as const),
    })),
  guards: z
    .strictObject({
      source_rows: limit.optional(),
      people_removed: limit.optional(),
      departments_removed: limit.optional(),
    })
    .default({}),
});

export type Config = z.output<typeof configSchema>;
export type Scope = (typeof SCOPES)[number];
export type ClientConfig = Config['server']['clients'][number];
export type SourceConfig = Config['sources'][number];
export type SqlSourceConfig = Extract<SourceConfig, { type: 'sql' }>;
export type AuthenticatorConfig = Config['authenticate'][number];
export type LdapAuthenticatorConfig = Extract<AuthenticatorConfig, { type: 'ldap' }>;
export type SqlAuthenticatorConfig = Extract<AuthenticatorConfig, { type: 'sql' }>;
export type DatabaseConfig = Config['store'];
export type TlsConfig = z.output<typeof tls>;
export type ValueConfig = z.output<typeof value>;
export type ConditionConfig = z.output<typeof condition>;
export type LimitConfig = z.output<typeof limit>;
export type Language = Config['language'];

/** The schema as JSON Schema, for editors. */
export const configJsonSchema = () => z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
