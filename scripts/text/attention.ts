import type { Config } from '../../src/config/schema.ts';
import { whyOf } from '../../src/runs/why.ts';
import { excused } from '../../src/views/standing.ts';
import type { Standing } from '../standing.ts';
import { adviceOnHold } from './advice.ts';
import { table } from './columns.ts';
import { type Look, shownName, shownText, styled } from './look.ts';
import { ago, minuteIn } from './time.ts';
import { failuresText, findingsText } from './verdict.ts';

/** What keeps a newer roster from being served, and what to do about it. */
export function holdText({ hold, runs }: Standing, { sync }: Config, look: Look): string[] {
  if (!hold) return [];
  const { judging } = runs;
  const newer = judging?.status === 'held' && judging.number !== hold.run ? judging : undefined;
  const meanwhile =
    sync.on_hold === 'fail'
      ? 'Meanwhile OMFLOW is told so, and keeps what it has (sync.on_hold: fail).'
      : 'Meanwhile OMFLOW is served the last snapshot (sync.on_hold: serve_last).';
  return [
    styled('bold', `hold ${hold.number}, since run ${hold.run}${newer ? `; run ${newer.number} says` : ''}`, look),
    ...findingsText(newer?.findings ?? hold.findings, look),
    ...adviceOnHold(newer?.findings ?? hold.findings, { hold: hold.number, people: hold.people }),
    meanwhile,
  ];
}

/** Why the last run failed, while none has succeeded since. */
export function failureText({ runs: { last, bad } }: Standing, look: Look): string[] {
  if (!bad || !last) return [];
  const run = last.status === 'running' ? bad : last;
  const failures = run.problems.filter(problem => problem.effect === 'failed');
  if (run.status === 'held') return [];
  const lines = failures.length > 0 ? failuresText(failures, look) : [`  ${shownText(whyOf(run), look)}`];
  return [styled('bold', `run ${run.number} ${run.status}`, look), ...lines];
}

/** Which optional sources cannot be read, since when and why, and what the roster has of them instead. */
export const excusedText = (standing: Standing, look: Look): string[] =>
  excused(standing).flatMap(({ source, at, failing_since, why, stands_in }) => {
    const moment = (time: Date) => `${minuteIn(look.zone, time)} (${ago(time, standing.now)})`;
    const since = failing_since ? ` since ${moment(failing_since)}` : '';
    const instead = stands_in && at ? `its extract of ${moment(at)} stands in` : 'runs go on without it';
    return [
      styled('bold', `source ${source} cannot be read${since}; ${instead}`, look),
      ...(why === undefined ? [] : [`  ${shownText(why, look)}`]),
      `    put that right; "rosterd check" then tells whether ${source} can be read`,
    ];
  });

/** Who logs in by another name than OMFLOW knows. */
export function renamedText({ renamed }: Standing, look: Look): string[] {
  if (renamed.length === 0) return [];
  const rows = renamed.map(({ username, login }) => [
    `${styled('cyan', 'R', look)} ${shownName(username, look)}`,
    `logs in as ${shownName(login, look)}`,
  ]);
  return [styled('bold', 'renamed: OMFLOW knows them by the old name', look), ...table(rows, { indent: 2 })];
}
