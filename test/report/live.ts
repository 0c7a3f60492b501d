import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReportData } from '../../src/report/data.ts';
import { pageOf } from '../../src/report/page.ts';
import { diffBetween } from './fixtures.ts';

/** What a server of a report does when it is asked for more. */
export type Mood = 'well' | 'unauthorized' | 'broken' | 'silent' | 'nonsense';

/** Who may see it. */
export const LOGIN = { username: 'alice', password: 'a-token:with"signs' } as const;

/** A server on the loopback that answers as a daemon does; disposing of it ends its connections. */
export interface Live extends AsyncDisposable {
  readonly address: string;
  /** As it answers from now on whatever is not the page itself. */
  mood: Mood;
  /** The paths and queries that it was asked for by somebody with the right login, without the page. */
  readonly asked: readonly string[];
}

export async function startLive(data: ReportData): Promise<Live> {
  const page = await pageOf(data);
  const asked: string[] = [];
  const live = { mood: 'well' as Mood };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!knows(request)) return void refuse(response);
    if (url.pathname === '/report') return void give(response, 200, 'text/html; charset=utf-8', page.html, page.policy);
    asked.push(`${url.pathname}${url.search}`);
    const answer = answerTo(url, data, live.mood);
    if (answer) give(response, answer.status, 'application/json', answer.text);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/report`,
    asked,
    get mood() {
      return live.mood;
    },
    set mood(mood) {
      live.mood = mood;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const knows = ({ headers }: IncomingMessage) =>
  headers.authorization === `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;

function refuse(response: ServerResponse): void {
  response.setHeader('www-authenticate', 'Basic realm="rosterd", charset="UTF-8"');
  give(response, 401, 'application/json', '{"error":"who are you?"}');
}

function give(
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  policy = "default-src 'none'",
): void {
  response.writeHead(status, { 'content-type': type, 'content-security-policy': policy, 'cache-control': 'no-store' });
  response.end(text);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const json = (status: number, value: unknown): Answer => ({ status, text: JSON.stringify(value) });

/** Undefined for none at all. */
function answerTo(url: URL, data: ReportData, mood: Mood): Answer | undefined {
  switch (mood) {
    case 'well':
      return rest(url, data);
    case 'unauthorized':
      return json(401, { error: 'who are you?' });
    case 'broken':
      return json(500, { error: 'the store is away' });
    case 'nonsense':
      return { status: 200, text: '<html>' };
    case 'silent':
      return undefined;
  }
}

function rest({ pathname, searchParams }: URL, data: ReportData): Answer {
  const name = searchParams.get('name') ?? '';
  const [a, b] = [Number(searchParams.get('a')), Number(searchParams.get('b'))];
  if (pathname === '/report/diff.json') return json(200, diffBetween(a, b));
  if (pathname !== '/report/person.json') return json(404, { error: 'there is no such page' });
  const steps = Object.hasOwn(data.histories, name) ? data.histories[name] : undefined;
  return json(steps ? 200 : 404, steps ?? { error: 'nobody has that name' });
}
