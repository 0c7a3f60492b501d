import { isIP } from 'node:net';
import { z } from 'zod';
import { LIMITED } from '../roster/guard.ts';
import { authenticator } from './authenticators.ts';
import { type DatabaseConfig, database, databaseUrl } from './connections.ts';
import { notify } from './notify.ts';
import { schedule } from './schedule.ts';
import { type SourceConfig, source } from './sources.ts';
import { throttle } from './throttle.ts';
import { duration, patience, seconds, share, timezone } from './units.ts';
import { text } from './values.ts';

const limit = z.union([
  share.transform(number => ({ share: number })),
  z.strictObject({
    floor: z.int().min(0, 'is less than 0').optional().describe('never fewer than this are allowed'),
    share: share.optional(),
    ceiling: z.int().min(0, 'is less than 0').optional().describe('never more than this are allowed'),
  }),
]);

/** A limit of which, without its share, nothing would be left; see `roster/guard.ts` for the defaults. */
const guards = z
  .strictObject({
    ...(Object.fromEntries(LIMITED.map(name => [name, limit.optional()])) as Record<
      (typeof LIMITED)[number],
      z.ZodOptional<typeof limit>
    >),
    protect: z.array(text).optional().describe('usernames, logins or emails of people who never go without approval'),
  })
  .optional()
  .transform(given => ({ ...given, protect: given?.protect ?? [] }));

const count = z.int().min(1, 'is less than 1');

const retention = z
  .strictObject({
    last: count.optional().describe('the newest snapshots that are kept in any case'),
    daily: duration.optional().describe('for so long the last snapshot of each day is kept'),
    monthly: count.optional().describe('for so many months the last snapshot of each month is kept'),
  })
  .optional()
  .transform(given => ({
    last: given?.last ?? 50,
    daily: given?.daily ?? seconds(90 * 86_400),
    monthly: given?.monthly ?? 24,
  }));

const NO_ADDRESS =
  'is not an address; write 127.0.0.1:8642, unix:/run/rosterd.sock, or systemd for the socket that it gives';
const OTHER_ADDRESS = /^(unix:.+|systemd(:[^:]+)?)$/;
const hasPort = (address: string) => OTHER_ADDRESS.test(address) || Number(/\d+$/.exec(address)?.[0]) < 65_536;

/** Where the server listens, unless it is told otherwise. */
export const DEFAULT_LISTEN = '127.0.0.1:8642';

/** `host:port`, `unix:/path`, or `systemd`, which may be followed by the name of one of several sockets. */
const address = z
  .string()
  .regex(/^(unix:.+|systemd(:[^:]+)?|.+:\d{1,5})$/, { error: NO_ADDRESS, abort: true })
  .refine(hasPort, NO_ADDRESS);

/** An address, or a network with the length of its prefix. */
const isNetwork = (text: string) => {
  const [host = '', bits, ...more] = text.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(host)] ?? -1;
  return (
    longest > 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest))
  );
};
const proxy = text.refine(
  given => given === 'unix' || isNetwork(given),
  'is not an address or a network; write 10.0.0.5 or 10.0.0.0/24, or unix for whoever calls on the unix socket',
);

const SCOPES = ['sync', 'authenticate', 'admin'] as const;

/** The configuration file, as it stands in `config/rosterd.schema.json`. */
export const configSchema = z.strictObject({
  language: z.enum(['en', 'zh-TW', 'ja']).default('en').describe('of messages to OMFLOW'),
  timezone: timezone.default('UTC').describe('of the schedule, of dates such as a leave date, and of what is printed'),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  store: z
    .union([databaseUrl.transform(url => ({ url })), z.strictObject(database)])
    .transform((store): DatabaseConfig => store),
  server: z.strictObject({
    listen: address.default(DEFAULT_LISTEN),
    tls: z
      .strictObject({
        cert: text.describe('PEM file of the certificate, with those between it and the authority after it'),
        key: text.describe('PEM file of the key to it'),
      })
      .optional()
      .describe('serves HTTPS; both files are read again when they change'),
    monitor: address
      .optional()
      .describe(
        'where /healthz, /readyz, /metrics and /report are, in plain HTTP: on this machine, or behind a proxy with TLS; without it nowhere',
      ),
    trusted_proxies: z
      .array(proxy)
      .default([])
      .describe(
        'addresses or networks of proxies whose X-Forwarded-For is believed; unix for those on the unix socket',
      ),
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
      first: z.enum(['accept', 'hold']).optional(),
    })
    .optional()
    .transform(given => ({
      fresh_for: given?.fresh_for ?? seconds(10),
      deadline: given?.deadline ?? seconds(15),
      max_stale: given?.max_stale ?? seconds(86_400),
      on_hold: given?.on_hold ?? ('fail' as const),
      first: given?.first ?? ('accept' as const),
    })),
  sources: z.array(source).min(1, 'is empty: there is nothing to pull from'),
  authenticate: z.array(authenticator).default([]),
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
  guards,
  throttle,
  retention,
  notify,
});

/** A configuration as it is written, before the manifests that it names were read. */
export type WrittenConfig = z.output<typeof configSchema>;
export interface Config extends Omit<WrittenConfig, 'sources'> {
  readonly sources: readonly SourceConfig[];
}
export type Scope = (typeof SCOPES)[number];
export type ClientConfig = Config['server']['clients'][number];
export type AuthenticatorConfig = Config['authenticate'][number];
export type LdapAuthenticatorConfig = Extract<AuthenticatorConfig, { type: 'ldap' }>;
export type SqlAuthenticatorConfig = Extract<AuthenticatorConfig, { type: 'sql' }>;
export type RestAuthenticatorConfig = Extract<AuthenticatorConfig, { type: 'rest' }>;
export type ThrottleConfig = Config['throttle'];
export type LimitConfig = z.output<typeof limit>;
export type Language = Config['language'];

/** The schema as JSON Schema, for editors. */
export const configJsonSchema = () => z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
