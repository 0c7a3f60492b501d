import type { Logger } from 'pino';
import type { Context } from './answer.ts';

const MAX_PATH = 128;

/** Writes one line about a call when it is over. Only what is named here is logged: never a header or a body. */
export function logCall(log: Logger, ctx: Context): void {
  const started = performance.now();
  void ctx.state.call.over.then(sent => log.info(line(ctx, started), sent ? 'answered' : 'client went away'));
}

const line = (ctx: Context, started: number) => ({
  request_id: ctx.state.requestId,
  client: ctx.state.client,
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
