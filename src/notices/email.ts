import { createTransport } from 'nodemailer';
import type { CustomAuthenticationContext } from 'nodemailer/lib/smtp-connection';
import type { EmailConfig } from '../config/notify.ts';
import { tlsOptions } from '../connect/tls.ts';
import { troubleOf } from '../connect/trouble.ts';
import type { Letter, Post } from './channel.ts';
import { type Enclosure, enclosureText, refused } from './enclosure.ts';
import { isBeforehand, quoted, Undelivered } from './undelivered.ts';
import { textOf, type Words, wordsOf } from './words.ts';

/** How long each step of a conversation with a mail server may take, in milliseconds. */
const TIMEOUT = 10_000;

/** Hands notices to a mail server: one mail to everybody. The server is given so long for each step, in milliseconds. */
export function email(config: EmailConfig, patience = TIMEOUT): Post {
  return {
    async send(letter) {
      try {
        return await handOver(letter, config, patience);
      } catch (error) {
        throw undelivered(error as SmtpError, config, patience);
      }
    },
    async reach() {
      try {
        await (mayTryOut(config) ? tryOut(config, patience) : transportTo(config, patience).verify());
      } catch (error) {
        throw undelivered(error as SmtpError, config, patience);
      }
    },
  };
}

/** Asks a server something in the place of a password. */
type Ask = (talk: CustomAuthenticationContext) => Promise<void>;

const TRIAL = 'TRIAL';

/** Addresses in other scripts are written in more than one way, which is left to the mail itself. */
const mayTryOut = ({ password, from, to }: EmailConfig): boolean =>
  password === undefined && [from, ...to].every(one => /^[\x21-\x7e]+$/.test(one));

/** Begins a mail and takes it back: nothing else shows whether a server takes mail from somebody without a name. */
async function tryOut(config: EmailConfig, patience: number): Promise<void> {
  const refusals: string[] = [];
  const begin: Ask = async ({ sendCommand }) => {
    for (const command of [`MAIL FROM:<${config.from}>`, ...config.to.map(one => `RCPT TO:<${one}>`)]) {
      const { response } = await sendCommand(command);
      if (!response.startsWith('2')) refusals.push(`answers ${command} with ${quoted(response, [])}`);
      if (refusals.length > 0) break;
    }
    await sendCommand('RSET');
  };
  await transportTo(config, patience, begin).verify();
  const [first] = refusals;
  if (first !== undefined) throw new Undelivered(first);
}

/** Gives what did not arrive. What a server does not take with a report it may take without. */
async function handOver(letter: Letter, config: EmailConfig, patience: number): Promise<string | undefined> {
  try {
    const sent = await transportTo(config, patience).sendMail({ ...mailOf(letter, config), signal: letter.signal });
    const whys = (sent.rejectedErrors ?? []).map(error => quoted(error.response || error.message, secretsOf(config)));
    const nobody = sent.rejected.length > 0 ? [`not to ${sent.rejected.join(', ')}: ${whys.join('; ')}`] : [];
    return [...nobody, ...withoutReport(letter.enclosure)].join('; ') || undefined;
  } catch (error) {
    const { message, response } = error as SmtpError;
    if (!letter.enclosure || 'missing' in letter.enclosure || !isAboutTheMail(error as SmtpError)) throw error;
    const enclosure = refused(quoted(response || message, secretsOf(config)));
    return await handOver({ ...letter, enclosure }, config, patience);
  }
}

const withoutReport = (enclosure: Enclosure | undefined): string[] =>
  enclosure && 'missing' in enclosure ? [`without its report: ${enclosure.why}`] : [];

/** Whether a server has read the mail and will never take it: it is too large, or of a kind that it does not want. */
const isAboutTheMail = ({ code, command, responseCode }: SmtpError): boolean =>
  code === 'EMESSAGE' && command === 'DATA' && Number(responseCode) >= 500;

/**
 * A password is sent over TLS only, and to a server that says nothing of passwords, too: it must not take mail for nobody.
 * Where there is none, something else may be asked in its place.
 */
function transportTo({ server, user, password, tls = {} }: EmailConfig, patience: number, ask?: Ask) {
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
    ...(ask && {
      auth: { type: 'custom', method: TRIAL, user: '-', pass: '-' },
      forceAuth: true,
      customAuth: { [TRIAL]: ask },
    }),
    tls: { ...tlsOptions(tls), ...(name === undefined ? {} : { servername: name }) },
    connectionTimeout: patience,
    greetingTimeout: patience,
    // Later than the greeting's, which says more of what is wrong: of two that end at once either may be the first.
    socketTimeout: patience + 50,
    dnsTimeout: patience,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf({ id, notice, wording, enclosure, at }: Letter, { from, to }: EmailConfig) {
  const words = withNote(wordsOf(notice, wording), enclosure && enclosureText(enclosure));
  return {
    from,
    to: [...to],
    subject: `[rosterd] ${words.title}`,
    text: `${textOf(words)}\n`,
    date: at,
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // Nobody's holiday notice answers it (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    attachments: enclosure && 'html' in enclosure ? [attachmentOf(enclosure)] : [],
  };
}

/** Before the last paragraph, which says who writes. */
const withNote = ({ title, paragraphs }: Words, note: string | undefined): Words =>
  note === undefined ? { title, paragraphs } : { title, paragraphs: paragraphs.toSpliced(-1, 0, [note]) };

const attachmentOf = ({ html }: { readonly html: Uint8Array }) => ({
  filename: 'rosterd-report.html',
  content: Buffer.from(html.buffer, html.byteOffset, html.byteLength),
  contentType: 'text/html; charset=utf-8',
});

const secretsOf = ({ password }: EmailConfig) => (password === undefined ? [] : [password]);

/** What nodemailer throws; it puts a code of its own in the place of the system's. */
interface SmtpError extends NodeJS.ErrnoException {
  readonly originalCode?: string;
  /** What was said before it. */
  readonly command?: string;
  readonly responseCode?: number | false;
  readonly response?: string;
  readonly timeoutType?: string;
}

/** What went wrong before any mail was handed over. */
const BEFORE = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'EENVELOPE', 'EREQUIRETLS', 'ECONFIG']);
const CONNECTING = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);

function undelivered(error: SmtpError | Undelivered, config: EmailConfig, patience: number): Undelivered {
  if (error instanceof Undelivered) return error;
  const { code = '', originalCode = '', responseCode, response = '', syscall = '', timeoutType = '' } = error;
  if (responseCode) return new Undelivered(lackOf(error, config) ?? `answers ${quoted(response, secretsOf(config))}`);
  const isUnsent = code === '' || BEFORE.has(code) || CONNECTING.has(timeoutType);
  const maybe = !isUnsent && !isBeforehand({ code: originalCode, syscall });
  return new Undelivered(quoted(whyOf(error, config, patience), secretsOf(config)), { maybe });
}

/** What servers answer to a command that they do not have, or have only elsewhere. */
const NO_COMMAND = new Set<unknown>([500, 502, 503]);

/** What a server would have to offer for a password to be sent to it. */
function lackOf({ command = '', responseCode }: SmtpError, { password }: EmailConfig): string | undefined {
  if (password === undefined || !NO_COMMAND.has(responseCode)) return undefined;
  if (command === 'STARTTLS') return 'offers no TLS, and a password is sent over TLS alone';
  return command.startsWith('AUTH') ? 'takes no passwords' : undefined;
}

function whyOf(error: SmtpError, { server }: EmailConfig, patience: number): string {
  const { code = '', originalCode, message, timeoutType } = error;
  if (code === 'EABORT') return 'was not answered in time';
  if (timeoutType !== undefined) {
    const isWaiting = timeoutType === 'GREETING_TIMEOUT' && server.startsWith('smtp:');
    const hint = isWaiting ? '; does it speak TLS from the beginning on that port? Then write smtps://' : '';
    return `did not answer within ${patience / 1000} s${hint}`;
  }
  if (originalCode === undefined) return message;
  return troubleOf(Object.assign(new Error(message), { code: originalCode }));
}
