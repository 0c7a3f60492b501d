import { z } from 'zod';
import { tls } from './connections.ts';
import { text } from './values.ts';

/** What somebody may be told of: bad states as they are entered, or `recovered` when one is left. */
export const NOTICES = ['held', 'failed', 'stale', 'certificate', 'quarantine', 'recovered'] as const;

const on = z
  .array(z.enum(NOTICES))
  .min(1, { error: 'is empty', abort: true })
  .refine(
    given => given.some(one => one !== 'recovered'),
    'has recovered alone, which is told only to whom a bad state was told; add what it is to be about, such as failed',
  )
  .optional()
  .describe('what to tell of; without it, of everything')
  .transform(given => given ?? NOTICES);

const NO_URL = 'is not http://host or https://host with a path';

/** Whether a URL can be taken apart and has no user and password in it, which would not be sent. */
function isAddress(url: string): boolean {
  const parts = URL.parse(url);
  return parts !== null && parts.username === '' && parts.password === '';
}

const webhookUrl = text
  .regex(/^https?:\/\/[^/]/, { error: NO_URL, abort: true })
  .refine(isAddress, 'is no address that can be sent to; a user or a password in it would not be sent');

/** As standardwebhooks.com writes it, or any text that is not guessed. */
const isSecret = (secret: string) =>
  secret.startsWith('whsec_') ? /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(secret) : secret.length >= 16;

const webhook = z.strictObject({
  type: z.literal('webhook'),
  url: webhookUrl.describe('often as good as a password; then better as ${file:NAME}'),
  secret: text
    .refine(isSecret, 'is neither whsec_ and base64 of 24 to 64 bytes nor another text of 16 characters or more')
    .optional()
    .describe('signs what is sent, as standardwebhooks.com has it; better as ${file:NAME}'),
  format: z
    .enum(['json', 'slack', 'teams'])
    .default('json')
    .describe('json for programs; slack and teams for what their incoming webhooks take'),
  tls: tls.optional(),
  on,
});

const address = text.regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, 'is not an email address');

const NO_SERVER = 'is not a mail server; write smtp://host:port or smtps://host:port, without a user';

const email = z
  .strictObject({
    type: z.literal('email'),
    server: text
      .regex(/^smtps?:\/\/[^/@\s]+\/?$/, { error: NO_SERVER, abort: true })
      .refine(isAddress, NO_SERVER)
      .describe('smtp://host (port 587), which is encrypted where the server can, or smtps://host (port 465)'),
    user: text.optional(),
    password: text.optional().describe('better as ${file:NAME}; it is sent encrypted only'),
    tls: tls.optional(),
    from: address,
    to: z.union([address.transform(one => [one]), z.array(address).min(1, 'is empty')]),
    report: z
      .enum(['none', 'masked', 'full'])
      .default('masked')
      .describe('what a mail about a hold carries; masked: without emails and telephone numbers'),
    on,
  })
  .refine(
    ({ user, password }) => (user === undefined) === (password === undefined),
    'needs user and password together',
  );

/** Whom to tell when a bad state is entered or left. */
export const notify = z
  .array(z.discriminatedUnion('type', [webhook, email]))
  .default([])
  .describe('whom to tell when something becomes bad, and when that is over');

export type NoticeKind = (typeof NOTICES)[number];
export type NotifyConfig = z.output<typeof notify>[number];
export type WebhookConfig = Extract<NotifyConfig, { type: 'webhook' }>;
export type EmailConfig = Extract<NotifyConfig, { type: 'email' }>;
