import type { MonitorSettings, Probe } from './monitor.ts';

/** How long what was found is good for whoever asks, in milliseconds. */
const FRESH = 1000;
/** How long the store may take, in milliseconds. */
const PATIENCE = 5000;

type ProbeSettings = Required<Pick<MonitorSettings, 'probe' | 'log' | 'now'>> & Pick<MonitorSettings, 'patience'>;

/**
 * One probe for all who ask within a second, or while it is under way: load balancers ask often. One that hangs counts as an
 * answer that the store does not answer, and only then may another begin.
 */
export function sharedProbe({ probe, log, now, patience = PATIENCE }: ProbeSettings): () => Promise<Probe> {
  let shared: { readonly at: number; isOver: boolean; readonly found: Promise<Probe> } | undefined;
  let last: Probe = { health: { error: '' }, expires: undefined };
  const look = async (): Promise<Probe> => {
    const found = await inTime(probe(), patience);
    // The certificate is as it was, whatever the store says.
    const next = found ?? { ...last, health: { error: `it did not answer within ${patience / 1000} s` } };
    tell(log, last, next);
    last = next;
    return next;
  };
  return () => {
    const at = now().getTime();
    // A probe of the future is one from before the clock was put back.
    const isFresh = shared !== undefined && at >= shared.at && at - shared.at < FRESH;
    if (!shared || (shared.isOver && !isFresh)) shared = started(at, look());
    return shared.found;
  };
}

function started(at: number, found: Promise<Probe>) {
  const one = { at, isOver: false, found };
  const end = () => {
    one.isOver = true;
  };
  void found.then(end, end);
  return one;
}

/** What work comes to, or undefined when it takes longer; what hangs then goes on to its own end. */
async function inTime<Value>(work: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

const errorOf = ({ health }: Probe): string => ('error' in health ? health.error : '');

/** Once for each trouble, however often it is asked for. */
function tell(log: ProbeSettings['log'], before: Probe, after: Probe): void {
  const why = errorOf(after);
  if (why === errorOf(before)) return;
  if (why === '') log.info('the store answers again');
  else log.error({ why }, 'the store does not answer');
}
