import { version } from '../src/version.ts';
import { EXIT, UsageError } from './exit.ts';
import { failureOf } from './failures.ts';
import { isVerb, loadVerb, meant, VERBS } from './verbs.ts';

/** The administrator's terminal: finds the command that was called, runs it, and says what went wrong. */
async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined) throw new UsageError(`which command?\n\n${await overview()}`);
  if (name === '-h' || name === '--help') return void process.stdout.write(`${await overview()}\n`);
  if (name === '-V' || name === '--version') return void process.stdout.write(`rosterd ${version()}\n`);
  if (name.startsWith('-')) {
    throw new UsageError(`options stand after the command, as in: rosterd status ${name}`);
  }
  if (!isVerb(name)) throw new UsageError(unknownVerb(name));
  const command = await loadVerb(name);
  await command.parseAsync(args, { from: 'user' });
}

const overview = async () => (await import('./overview.ts')).overview();

function unknownVerb(name: string): string {
  const [best] = meant(name, Object.keys(VERBS));
  return `there is no command "${name}"${best ? `; did you mean "${best}"?` : ''}\n"rosterd help" lists the commands.`;
}

/** Prints what went wrong, and tells the exit code. */
function explain(error: unknown): number {
  const verb = process.argv[2];
  const { text, code } = failureOf(error, verb !== undefined && isVerb(verb) ? verb : undefined);
  if (text !== '') process.stderr.write(`${text}\n`);
  return code;
}

/** Whoever reads us may stop reading, as `head` does: then there is nothing more to do, and nothing went wrong. */
function whenClosed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  throw error;
}

process.stdout.on('error', whenClosed);
process.stderr.on('error', whenClosed);
process.on('uncaughtException', error => process.exit(explain(error) || EXIT.failed));

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
