import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from './failure.ts';

/** One request on its way to its answer. */
export interface Call {
  readonly req: IncomingMessage;
  /** True once the whole answer has been sent, false when the client went away before that; never rejects. */
  readonly over: Promise<boolean>;
  /** Why the rest of the request will never arrive; pending for ever while it still may. */
  readonly broken: Promise<Failure>;
  readonly breakOff: (why: Failure) => void;
}

/** The calls that have not been answered yet. */
export interface Calls {
  begin(req: IncomingMessage, res: ServerResponse): Call;
  /** Those that came in over one connection. */
  on(socket: Duplex): Call[];
  /** Waits for those under way now, at most `within` milliseconds. */
  settle(within: number): Promise<void>;
}

export function trackCalls(): Calls {
  const open = new Set<Call>();
  return {
    begin(req, res) {
      const call = callOf(req, res);
      open.add(call);
      void call.over.then(() => open.delete(call));
      return call;
    },
    on: socket => [...open].filter(call => call.req.socket === socket),
    settle: within => inTime(Promise.all([...open].map(call => call.over)), within),
  };
}

function callOf(req: IncomingMessage, res: ServerResponse): Call {
  const over = Promise.withResolvers<boolean>();
  const broken = Promise.withResolvers<Failure>();
  res.once('close', () => over.resolve(res.writableFinished));
  return { req, over: over.promise, broken: broken.promise, breakOff: broken.resolve };
}

async function inTime(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  timer.abort();
}
