import { fstatSync, writeSync } from 'node:fs';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { ServerNotice } from './logins/authenticate.ts';
import type { Announced } from './notices/announce.ts';
import type { AutomaticPruning } from './runs/prune.ts';
import type { RunSummary } from './runs/worker.ts';

/** How a log is written: an object a line, the same for systemd's journal, or for people at a terminal. */
export type LogForm = 'json' | 'journal' | 'terminal';

/**
 * What a line may say. Anything else is left out, however it came there: an error of a library with a whole query on it
 * must not bring somebody's data into a log that is kept for years.
 */
const FIELDS: ReadonlySet<string> = new Set([
  ...['request_id', 'client', 'from', 'method', 'path', 'status', 'ms', 'incident', 'error', 'why', 'stack', 'count'],
  ...['username', 'outcome', 'bar', 'by', 'failing', 'tried', 'minutes', 'server'],
  ...['run', 'snapshot', 'hold', 'joined', 'sources', 'changes', 'reasons', 'problems'],
  ...['snapshots', 'people', 'departments', 'runs', 'deliveries'],
  ...['address', 'store', 'signal', 'setting', 'file', 'expires', 'days', 'channel', 'about'],
]);

function known(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) if (FIELDS.has(name)) kept[name] = fields[name];
  return kept;
}

/** The daemon's log: a line for each thing that happened, on standard output or in a file. */
export async function openLog(
  level: string,
  { form = 'json', file }: { form?: LogForm; file?: string } = {},
): Promise<Logger> {
  const destination = pino.destination({ dest: file ?? 1, sync: true });
  // A disk that is full must not end logins: what cannot be written is lost.
  destination.on('error', () => {});
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { log: known } };
  switch (form) {
    case 'json':
      return pino(options, destination);
    case 'journal':
      return pino(options, forJournal(destination));
    case 'terminal':
      return pino(options, await forTerminal());
  }
}

/** In which form a log on standard output is read best. */
export function formOf(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): LogForm {
  if (isTerminal) return 'terminal';
  // systemd names the journal's end of the standard output, since a child's may have been turned elsewhere.
  const { dev, ino } = fstatSync(1);
  return env['JOURNAL_STREAM'] === `${dev}:${ino}` ? 'journal' : 'json';
}

/** From pino's levels to the priorities of the journal, where 3 is an error and 6 for information. */
const priorityOf = (level: number) => (level >= 60 ? 2 : level >= 50 ? 3 : level >= 40 ? 4 : level >= 30 ? 6 : 7);

/** Each line begins with its priority, which the journal takes off and keeps: `journalctl -p warning` finds it. */
function forJournal(destination: DestinationStream): DestinationStream {
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write: (line: string) => destination.write(`<${priorityOf(stream.lastLevel)}>${line}`),
  };
  return stream;
}

/** What a terminal would act on in a text that others chose, but for what the colours are made of. */
const ACTED_ON = /[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const spelled = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

async function forTerminal(): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, singleLine: true, translateTime: 'SYS:HH:MM:ss' });
  return {
    write(line) {
      try {
        writeSync(1, pretty(line).replace(ACTED_ON, spelled));
      } catch {
        // Nobody reads it any more.
      }
    },
  };
}

/** The one line that a run leaves in the log; `took` is in milliseconds. */
export function logRun(log: Logger, { run, outcome, report, joined }: RunSummary, took: number): void {
  const fields = { run, outcome: outcome.status, ms: took, joined, sources: report?.sources };
  switch (outcome.status) {
    case 'published':
      log.info({ ...fields, snapshot: outcome.snapshot, changes: outcome.changes }, 'run published a snapshot');
      break;
    case 'unchanged':
      log.info({ ...fields, snapshot: outcome.snapshot }, 'run found nothing changed');
      break;
    case 'held':
      log.warn({ ...fields, hold: outcome.hold, reasons: outcome.reasons.map(one => one.text) }, 'run is held');
      break;
    case 'failed':
      log.error(
        { ...fields, problems: outcome.problems.map(one => ({ source: one.source, code: one.code, text: one.text })) },
        'run failed',
      );
  }
}

/** What was pruned by itself, if anything was. */
export function logPruning(log: Logger, pruning: AutomaticPruning): void {
  if ('failure' in pruning) log.error({ why: pruning.failure }, 'old snapshots could not be pruned');
  else if (Object.values(pruning).some(count => count > 0)) log.info(pruning, 'pruned as the retention says');
}

/** A directory server that fails, or is back. Logins go on at the others, so that nobody else would say so. */
export function logServer(log: Logger, { server, trouble }: ServerNotice): void {
  if (trouble === undefined) log.info({ server }, 'directory server answers again');
  else log.warn({ server, why: trouble }, 'directory server fails');
}

/** What became of telling somebody. */
export function logAnnounced(log: Logger, { channel, kind, outcome, why }: Announced): void {
  const fields = { channel, about: kind, why };
  switch (outcome) {
    case 'sent':
      log.info(fields, 'told');
      break;
    case 'later':
      log.warn(fields, 'could not be told, and is tried again');
      break;
    case 'given_up':
      log.error(fields, 'could not be told, and is given up');
  }
}

/** What a reload leaves for a restart. */
export interface Remainder {
  /** Settings that were changed and cannot be while the daemon goes on. */
  readonly restarts: readonly string[];
  /** Whether systemd handed credentials over, which it does at a start and may not do again before the next. */
  readonly handedOver: boolean;
}

/** The configuration was read again. */
export function logReload(log: Logger, { restarts, handedOver }: Remainder): void {
  for (const setting of restarts) log.warn({ setting }, 'was changed, and stays as it was until a restart');
  if (handedOver)
    log.info('what LoadCredential= gave may be as it was at the start; a restart is sure to read it anew');
  log.info('the configuration was read again');
}

/** The configuration in this file cannot be used: the one before goes on. */
export function logRefused(log: Logger, file: string, problems: readonly string[]): void {
  for (const why of problems) log.error({ file, why }, 'a problem of the configuration');
  log.error({ file, count: problems.length }, 'the configuration was not taken; the one before goes on');
}

/** The last line of a daemon that ends by a mistake of ours, or by what nobody foresaw. */
export function logCrash(log: Logger, error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  log.fatal({ why: message, stack }, 'rosterd ends: something went wrong that nobody foresaw');
}
