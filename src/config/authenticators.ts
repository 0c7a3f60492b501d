import { z } from 'zod';
import { database, directory, noStartTlsOnLdaps, tls } from './connections.ts';
import { duration, seconds } from './units.ts';
import { scalar, text } from './values.ts';

/** A login may take 10 s in all, and whoever is asked has to have given up by then. */
const budget = duration.refine(
  span => span >= 1 && span <= seconds(9),
  'is not between 1ms and 9s, of the 10s that a login may take in all; write it like 5s',
);

const ldapAuthenticator = z
  .strictObject({
    type: z.literal('ldap'),
    ...directory,
    timeout: budget.default(seconds(5)),
    bind_dn: text.optional().describe('{username}@corp.example, or a DN with {username} in it'),
    base: text.optional(),
    filter: text.optional().describe('(uid={username})'),
    name_attribute: text.optional().describe('the attribute that must equal the name; default: the one in the filter'),
    reveal_lockout: z
      .boolean()
      .default(false)
      .describe('whether somebody whom the directory has locked out is told so, and not that the password is wrong'),
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
  })
  .superRefine(noStartTlsOnLdaps);

const sqlAuthenticator = z
  .strictObject({
    type: z.literal('sql'),
    ...database,
    query: text.describe('one SELECT with one ? for the login, giving the password hash as its first column'),
    scheme: z
      .enum(['md5', 'sha1', 'sha256'])
      .optional()
      .describe('how bare hex digits were made; hashes of every other scheme tell that themselves'),
    salt: z
      .enum(['before', 'after'])
      .optional()
      .describe('with scheme: the second column is a salt that stands before or after the password'),
    timeout: budget.default(seconds(5)),
  })
  .refine(block => block.salt === undefined || block.scheme !== undefined, {
    path: ['salt'],
    message: 'is of use with scheme alone: other hashes have their salt in them',
  });

const status = z.int('is not a status code').min(100, 'is not a status code').max(599, 'is not a status code');

/** Which answers mean one thing: those of a status, or those of it with one value in one place. */
const answer = z
  .strictObject({
    status: z.union([status.transform(one => [one]), z.array(status).min(1, 'is empty')]),
    field: text.optional().describe('path into the JSON of the answer, as in data.result'),
    equals: scalar.optional(),
  })
  .refine(one => (one.field === undefined) === (one.equals === undefined), 'needs field and equals together');

const restAuthenticator = z.strictObject({
  type: z.literal('rest'),
  url: text.describe('https://…; http:// to this machine alone'),
  method: z.enum(['GET', 'POST', 'PUT']).default('POST'),
  tls: tls.optional(),
  auth: z.literal('basic').optional().describe('sends the login and the password as Basic auth'),
  headers: z.record(z.string(), z.string()).default({}),
  json: z.json().optional().describe('the body, with {username} and {password} in its strings'),
  form: z.record(z.string(), z.string()).optional().describe('the body as a form, with {username} and {password}'),
  accepted: answer.default({ status: [200, 201, 202, 204] }),
  refused: answer.default({ status: [401, 403] }),
  unknown: answer.optional().describe('nobody is known by that login: the next one in the chain is asked'),
  timeout: budget.default(seconds(5)),
});

/** One authenticator of the chain. What zod cannot know of them is in `logins/open.ts`. */
export const authenticator = z.discriminatedUnion('type', [ldapAuthenticator, sqlAuthenticator, restAuthenticator]);
