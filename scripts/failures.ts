import { ConfigError } from '../src/config/error.ts';
import { databaseTrouble } from '../src/connect/database-trouble.ts';
import { StoreError } from '../src/store/error.ts';
import { SocketError } from '../src/systemd/sockets.ts';
import { EXIT, Failed, NotFound, Stopped, UsageError } from './exit.ts';
import { visible } from './text/visible.ts';

/** What an error comes to: the words for the standard error, and the exit code. */
export interface Failure {
  readonly text: string;
  readonly code: number;
}

/** The one place that maps errors to words and exit codes. `verb` is the command that was called, if it was known. */
export function failureOf(error: unknown, verb: string | undefined): Failure {
  if (error instanceof NotFound) return { text: worded(error.message), code: EXIT.finding };
  if (error instanceof UsageError) return { text: worded(error.message), code: EXIT.usage };
  if (error instanceof ConfigError) return { text: worded(error.message), code: EXIT.usage };
  if (error instanceof SocketError) return { text: worded(error.message), code: EXIT.usage };
  if (error instanceof Failed) return { text: worded(error.message), code: EXIT.failed };
  if (error instanceof Stopped) return { text: worded(error.message), code: EXIT.failed };
  if (error instanceof StoreError) return { text: worded(error.message), code: EXIT.failed };
  if (isCommander(error)) return ofCommander(error, verb);
  if (isDatabase(error)) return { text: worded(storeTrouble(error)), code: EXIT.failed };
  if (isExpected(error)) return { text: worded(error.message), code: EXIT.failed };
  return { text: bug(error), code: EXIT.failed };
}

/** Whatever an error quotes may come from elsewhere; only its line ends go to the terminal as they are. */
const worded = (message: string) => `rosterd: ${message.split('\n').map(visible).join('\n')}`;

interface Coded extends Error {
  readonly code: string;
}

const hasCode = (error: unknown): error is Coded =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'string';

const isCommander = (error: unknown): error is Coded => hasCode(error) && error.code.startsWith('commander.');

/** Help and version come as errors, too, since they end everything. */
const SHOWN = ['commander.helpDisplayed', 'commander.help', 'commander.version'];

function ofCommander(error: Coded, verb: string | undefined): Failure {
  if (SHOWN.includes(error.code)) return { text: '', code: EXIT.fine };
  const what = error.message
    .replace(/^error: /, '')
    .replace(/\n\((.*)\?\)$/, '; $1?')
    .replace('Did you', 'did you');
  return { text: `${worded(what)}\n"rosterd help ${verb ?? 'COMMAND'}" tells how it is written.`, code: EXIT.usage };
}

/** SQLite's errors while reading; mysql2 tells the state of the server, or that the connection is gone. */
const isDatabase = (error: unknown): error is Error =>
  hasCode(error) &&
  (error.code === 'ERR_SQLITE_ERROR' || error.code === 'PROTOCOL_CONNECTION_LOST' || 'sqlState' in error);

/** An error of the connection names the store already. */
const storeTrouble = (error: Error) =>
  error.message.startsWith('the store ') ? error.message : `the store cannot be read: ${databaseTrouble(error)}`;

/** What the system or the surroundings refuse: a file that may not be written, a port in use, a demo that is running. */
const isExpected = (error: unknown): error is Error =>
  (hasCode(error) && 'syscall' in error) || (error instanceof Error && error.name === 'DemoError');

/** A mistake of ours: says so, and how to report it. The stack is for whoever mends it. */
function bug(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const how = process.env['ROSTERD_DEBUG']
    ? `\n${(stack ?? '').split('\n').map(visible).join('\n')}`
    : '\nPlease report it with the command you gave, the output of "rosterd --version", and what the command prints with\nROSTERD_DEBUG=1 before it.';
  return `${worded(`this is a mistake in rosterd itself: ${message}`)}${how}`;
}
