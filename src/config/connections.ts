import { z } from 'zod';
import { text } from './values.ts';

/** TLS towards a server of yours. Certificates are always verified; without `ca_file`, against the system's own. */
export const tls = z
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
export const databaseUrl = text
  .regex(/^(mysql|sqlite):/, { error: NO_DATABASE, abort: true })
  .refine(isDatabase, NO_DATABASE)
  .describe('mysql://user@host/database (MySQL 5.7+, MariaDB 10+) or sqlite:FILE');

export const database = {
  url: databaseUrl,
  password: text.optional().describe('better as ${file:NAME} or ${env:NAME}'),
  tls: tls.optional(),
};

const directories = z
  .union([text.transform(one => [one]), z.array(text).min(1, 'is empty')])
  .refine(list => list.every(url => /^ldaps?:\/\/[^/]+\/?$/.test(url)), 'is not ldap://host or ldaps://host');

/** Directory servers that hold the same, and how to talk to them. */
export const directory = {
  url: directories,
  start_tls: z.boolean().default(false),
  tls: tls.optional(),
  bind: z.strictObject({ dn: text, password: text }).optional().describe('the service account that searches'),
};

interface Directory {
  readonly url: readonly string[];
  readonly start_tls: boolean;
}

/** Says so where StartTLS is asked for on an address that is encrypted already. */
export function noStartTlsOnLdaps({ start_tls, url }: Directory, context: z.RefinementCtx): void {
  if (!start_tls || url.every(one => one.startsWith('ldap:'))) return;
  const message = 'is for ldap:// addresses; ldaps:// is encrypted already';
  context.addIssue({ code: 'custom', path: ['start_tls'], message });
}

export type DatabaseConfig = { url: string; password?: string | undefined; tls?: TlsConfig | undefined };
export type TlsConfig = z.output<typeof tls>;
