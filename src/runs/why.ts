import type { RecordedRun } from '../store/store.ts';

/** A run's first problem, as one sentence. */
export function whyOf(run: RecordedRun): string {
  const first = run.problems.find(one => one.effect === 'failed');
  if (first) return first.source === '' ? first.text : `source ${first.source}: ${first.text}`;
  if (run.findings.length > 0) return run.findings.map(finding => finding.text).join('; ');
  return run.status === 'running' ? 'the last run has not ended' : `the last run was ${run.status}`;
}
