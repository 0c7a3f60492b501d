import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
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
  /** Waits for those under way and those that have just arrived, at most `within` milliseconds. */
  settle(within: number): Promise<void>;
}

/** `arriving` tells how many connections there are from which no call has come yet. */
export function trackCalls(arriving: () => number): Calls {
  const open = new Set<Call>();
  let begun = 0;
  const underWay = () => Promise.all([...open].map(call => call.over));
  /** Until nothing that has arrived is left to become a call: cut off before, it would end in a reset. */
  const quiet = async () => {
    await underWay();
    await sleep(GRACE);
    for (let waited = GRACE; arriving() > 0 && waited < ARRIVAL; waited += GRACE) await sleep(GRACE);
    for (let last = -1; last !== begun; ) {
      last = begun;
      for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
      await underWay();
    }
  };
  return {
    begin(req, res) {
      const call = callOf(req, res);
      begun += 1;
      open.add(call);
      void call.over.then(() => open.delete(call));
      return call;
    },
    on: socket => [...open].filter(call => call.req.socket === socket),
    settle: within => inTime(quiet(), within),
  };
}

/** How long somebody may take from connecting to their call, in milliseconds. */
const GRACE = 100;
/** And how long at most, where they have connected already and are not done with TLS or with their first call. */
const ARRIVAL = 2_000;
/** In each turn of the loop one connection is taken, and in the next its bytes are read. */
const TURNS = 4;

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
