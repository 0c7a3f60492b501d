import type { Logger } from 'pino';
import { type Context, refuse, type Step } from './answer.ts';
import { plainError } from './log.ts';
import { refusalText } from './messages.ts';
import type { Encoding, RosterBody, RosterService } from './roster.ts';

/** What the route needs besides the roster: a clock, and a log for what must not reach the caller. */
export interface SyncTools {
  readonly now: () => Date;
  readonly log: Logger;
}

/** `POST /sync`: one snapshot, whole, or why not. */
export function sync(roster: RosterService, tools: SyncTools): Step {
  return async ctx => {
    // As it is for whoever does not say that they can take it otherwise.
    const encoding = ctx.acceptsEncodings('identity', 'gzip') === 'gzip' ? 'gzip' : 'identity';
    const answer = await roster.answer(encoding);
    switch (answer.status) {
      case 'success':
        void ctx.state.call.over.then(finished => record(roster, delivery(ctx, answer.body, finished), tools));
        return sendRoster(ctx, answer.body, encoding);
      case 'fail':
        return refuse(ctx, refusalText(ctx.state.words, answer.refusal));
    }
  };
}

function sendRoster(ctx: Context, { snapshot, content }: RosterBody, encoding: Encoding): void {
  ctx.set('X-Roster-Snapshot', String(snapshot));
  ctx.vary('Accept-Encoding');
  if (encoding === 'gzip') ctx.set('Content-Encoding', 'gzip');
  if (content instanceof Uint8Array) {
    ctx.body = viewOf(content);
    return;
  }
  // Koa destroys it as soon as the answer is over, however it ends.
  ctx.body = content.stream;
  ctx.length = content.size;
}

/** Of the bytes, not a copy: all callers share them. */
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength);

const delivery = (ctx: Context, { snapshot, whole }: RosterBody, finished: boolean) => ({
  snapshot,
  client: ctx.state.client,
  requestId: ctx.state.requestId,
  finished,
  bytes: whole,
});

/** The answer is out, so whatever goes wrong here may only be logged. */
function record(roster: RosterService, sent: ReturnType<typeof delivery>, { now, log }: SyncTools): void {
  try {
    roster.delivered({ ...sent, at: now() });
  } catch (error) {
    log.error({ request_id: sent.requestId, error: plainError(error) }, 'a delivery was not recorded');
  }
}
