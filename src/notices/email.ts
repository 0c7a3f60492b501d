import { createTransport } from 'nodemailer';
import type { EmailConfig } from '../config/notify.ts';
import { tlsOptions } from '../connect/tls.ts';
import { troubleOf } from '../connect/trouble.ts';
import type { Letter, Post } from './channel.ts';
import { isBeforehand, quoted, Undelivered } from './undelivered.ts';
import { textOf, wordsOf } from './words.ts';

/** How long each step of a conversation with a mail server may take, in milliseconds. */
const TIMEOUT = 10_000;

/** Hands notices to a mail server: one mail to everybody. */
export function email(config: EmailConfig): Post {
  return {
    async send(letter) {
      try {
        const sent = await transportTo(config).sendMail({ ...mailOf(letter, config), signal: letter.signal });
        if (sent.rejected.length === 0) return undefined;
        const whys = (sent.rejectedErrors ?? []).map(error =>
          quoted(error.response || error.message, secretsOf(config)),
        );
        return `not to ${sent.rejected.join(', ')}: ${whys.join('; ')}`;
      } catch (error) {
        throw undelivered(error as SmtpError, config);
      }
    },
    async reach() {
      try {
        await transportTo(config).verify();
      } catch (error) {
        throw undelivered(error as SmtpError, config);
      }
    },
  };
}

/** A password is sent over TLS only, and to a server that says nothing of passwords, too: it must not take mail for nobody. */
function transportTo({ server, user, password, tls = {} }: EmailConfig) {
  const { protocol, hostname, port } = new URL(server);
  const secure = protocol === 'smtps:';
  const name = tls.server_name;
  return createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (secure ? 465 : 587)),
    secure,
    ...(password === undefined
      ? {}
      : { auth: { user: user ?? '', pass: password }, forceAuth: true, requireTLS: !secure }),
    tls: { ...tlsOptions(tls), ...(name === undefined ? {} : { servername: name }) },
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
    dnsTimeout: TIMEOUT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf({ id, notice, wording, at }: Letter, { from, to }: EmailConfig) {
  const words = wordsOf(notice, wording);
  return {
    from,
    to: [...to],
    subject: `[rosterd] ${words.title}`,
    text: `${textOf(words)}\n`,
    date: at,
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // Nobody's holiday notice answers it (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

const secretsOf = ({ password }: EmailConfig) => (password === undefined ? [] : [password]);

/** What nodemailer throws; it puts a code of its own in the place of the system's. */
interface SmtpError extends NodeJS.ErrnoException {
  readonly originalCode?: string;
  readonly responseCode?: number | false;
  readonly response?: string;
  readonly timeoutType?: string;
}

/** What went wrong before any mail was handed over. */
const BEFORE = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'EENVELOPE', 'EREQUIRETLS', 'ECONFIG']);
const CONNECTING = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);

function undelivered(error: SmtpError, config: EmailConfig): Undelivered {
  const { code = '', originalCode = '', responseCode, response = '', syscall = '', timeoutType = '' } = error;
  if (responseCode) return new Undelivered(`answers ${quoted(response, secretsOf(config))}`);
  const isUnsent = code === '' || BEFORE.has(code) || CONNECTING.has(timeoutType);
  const maybe = !isUnsent && !isBeforehand({ code: originalCode, syscall });
  return new Undelivered(quoted(whyOf(error), secretsOf(config)), { maybe });
}

function whyOf(error: SmtpError): string {
  const { code = '', originalCode, message, timeoutType } = error;
  if (code === 'EABORT') return 'was not answered in time';
  if (timeoutType !== undefined) return `did not answer within ${TIMEOUT / 1000} s`;
  if (originalCode === undefined) return message;
  return troubleOf(Object.assign(new Error(message), { code: originalCode }));
}
