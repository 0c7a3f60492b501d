import type { Logger } from 'pino';
import type { Context } from './answer.ts';

const MAX_PATH = 128;

/** A call that is over; `status` is absent when no answer was begun, `ms` are milliseconds from its headers to its end. */
export interface EndedCall {
  readonly path: string;
  readonly status: number | undefined;
  readonly ms: number;
}

/** Writes one line about a call when it is over. Only what is named here is logged: never a header or a body. */
export function logCall(log: Logger, ctx: Context, onCall: (call: EndedCall) => void): void {
  const started = performance.now();
  void ctx.state.call.over.then(sent => {
    const ended = line(ctx, started);
    log.info(ended, sent ? 'answered' : 'client went away');
    onCall(ended);
  });
}

const line = (ctx: Context, started: number) => ({
  request_id: ctx.state.requestId,
  client: ctx.state.client,
  from: ctx.state.from,
  method: ctx.method,
  path: ctx.path.slice(0, MAX_PATH),
  status: ctx.res.headersSent ? ctx.res.statusCode : undefined,
  ms: Math.round(performance.now() - started),
});

/** What went wrong, without the fields that libraries put on their errors, such as a query with its values. */
export function plainError(error: unknown) {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, code, stack } = error as NodeJS.ErrnoException;
  return { name, code, stack };
}
