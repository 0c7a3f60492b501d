import pino, { type Logger } from 'pino';
import type { ServerNotice } from './logins/authenticate.ts';
import type { AutomaticPruning } from './runs/prune.ts';
import type { RunSummary } from './runs/worker.ts';

/** The daemon's log: one JSON object a line, on standard output or in a file. */
export const openLog = (level: string, file?: string): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: file ?? 1, sync: true }),
  );

/** The one line that a run leaves in the log. */
export function logRun(log: Logger, { run, outcome, report, joined }: RunSummary): void {
  const fields = { run, outcome: outcome.status, joined, sources: report?.sources };
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
