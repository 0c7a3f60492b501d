import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { type Context, fail, type Step } from './answer.ts';
import type { Failure } from './failure.ts';

/** The most that a request's body may have, in bytes, before and after it is inflated. */
const MAX_BODY = 16 * 1024;

/** `encoding: null` makes the parser hand over bytes: its own decoding replaces bad UTF-8 where we must refuse it. */
const options = { enableTypes: ['text'], textLimit: `${MAX_BODY}b`, encoding: null };
/** Loaded with the first body: it is a quarter of what a start has to load, and `/sync` has none as a rule. */
const parser = async () => (await import('koa-bodyparser')).default(options);
let loaded: ReturnType<typeof parser> | undefined;
const AS_TEXT = { 'content-type': 'text/plain', 'content-encoding': 'identity' };

/** Reads the body, whatever its type, into `ctx.state.body`; who comes later finds it whole. */
export const readBody: Step = async (ctx, next) => {
  if (!hasBody(ctx)) return next();
  if (Number(ctx.get('content-length')) > MAX_BODY) return fail(ctx, 'body_too_large');
  // Only now: who asks first whether to send a body has been let in, and theirs is not too large.
  if (asksFirst(ctx)) ctx.res.writeContinue();
  const body = await Promise.race([bytesOf(ctx), ctx.state.call.broken]);
  if (typeof body === 'string') return fail(ctx, body);
  ctx.state.body = body;
  return next();
};

/** As RFC 9112 has it in section 6.3: a request that names neither has none. */
const hasBody = ({ req: { headers } }: Context) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;

const asksFirst = (ctx: Context) => ctx.req.httpVersion === '1.1' && /100-continue/i.test(ctx.get('expect'));

/** The parser reads only types that it knows, so it is shown one; it does not inflate, because it cannot do that safely. */
async function bytesOf(ctx: Context): Promise<Buffer | Failure> {
  loaded ??= parser();
  const parse = await loaded;
  const headers = ctx.req.headers;
  ctx.req.headers = { ...headers, ...AS_TEXT };
  try {
    await parse(ctx, async () => undefined);
    return Buffer.isBuffer(ctx.request.body) ? ctx.request.body : Buffer.alloc(0);
  } catch (error) {
    return failureOf(error);
  } finally {
    ctx.req.headers = headers;
  }
}

/** What the parser says about a request is an answer; anything else it throws is a bug. */
function failureOf(error: unknown): Failure {
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (status === 413) return 'body_too_large';
  if (status === 400 || code === 'ECONNRESET') return 'malformed';
  throw error;
}

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);

/** A body without its compression: gzip and zlib's deflate are told apart by their first bytes. */
export async function inflated(body: Buffer, encoding: string): Promise<Buffer | Failure> {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return inflate(body, { maxOutputLength: MAX_BODY }).catch(inflateFailure);
    default:
      return 'body_unreadable';
  }
}

const inflateFailure = (error: NodeJS.ErrnoException): Failure =>
  error.code === 'ERR_BUFFER_TOO_LARGE' ? 'body_too_large' : 'body_unreadable';
