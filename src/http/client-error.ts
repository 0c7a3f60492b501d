import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { rawFailure, requestIdOf } from './answer.ts';
import type { House } from './every-call.ts';
import { FAILURES, type Failure } from './failure.ts';

/** What is needed to answer where Node has no request for us. */
type RawAnswers = Pick<House, 'calls' | 'words' | 'log' | 'limits'>;

/** Answers what never becomes a request: bytes that are not HTTP, headers too long or too slow, and CONNECT. */
export function answerClientErrors(server: Server | SecureServer, tools: RawAnswers): void {
  const answered = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Node reports a broken connection again with every chunk that still comes in.
    if (answered.has(socket)) return;
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    answered.add(socket);
    void answerBroken(socket, failureOf(error), tools);
  });
  server.on('connect', (req, socket) => {
    const requestId = requestIdOf(req.headers['x-request-id']?.toString());
    socket.resume();
    void answerRaw(socket, { failure: 'method_not_allowed', requestId, method: 'CONNECT' }, tools);
  });
}

function failureOf(error: NodeJS.ErrnoException): Failure {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'headers_too_large';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'body_too_large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'too_slow';
    default:
      return 'malformed';
  }
}

/** A request whose body breaks off is answered where it is read; only bytes between requests are answered here. */
async function answerBroken(socket: Duplex, failure: Failure, tools: RawAnswers): Promise<void> {
  const reading = tools.calls.on(socket).find(call => !call.req.complete);
  if (reading !== undefined) return reading.breakOff(failure);
  await answerRaw(socket, { failure, requestId: requestIdOf(undefined), method: undefined }, tools);
}

interface RawAnswer {
  readonly failure: Failure;
  readonly requestId: string;
  readonly method: string | undefined;
}

/** Earlier requests of the same connection are answered first: the client takes the answers in the order it asked. */
async function answerRaw(socket: Duplex, answer: RawAnswer, { calls, words, log, limits }: RawAnswers): Promise<void> {
  const { failure, requestId, method } = answer;
  socket.on('error', () => socket.destroy());
  await Promise.all(calls.on(socket).map(call => call.over));
  if (!socket.writable) return;
  log.info({ request_id: requestId, client: '', method, status: FAILURES[failure].status }, 'answered');
  socket.end(rawFailure(failure, words, requestId));
  closeLater(socket, limits.linger);
}

/** Closing at once would destroy the answer on its way when the client is still sending. */
function closeLater(socket: Duplex, linger: number): void {
  const timer = setTimeout(() => socket.destroy(), linger);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
}
