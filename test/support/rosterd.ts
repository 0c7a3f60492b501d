import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type Served, TOKEN } from './hr.ts';
import { type Program, runProgram, startProgram } from './program.ts';

export const LAUNCHER = fileURLToPath(new URL('../../scripts/rosterd', import.meta.url));

/** Writes a configuration where only its owner can read it; gives its path. */
export async function writeConfig(folder: string, settings: unknown): Promise<string> {
  const file = join(folder, 'rosterd.yaml');
  await writeFile(file, stringify(settings), { mode: 0o600 });
  return file;
}

/** Runs one command to its end. */
export const rosterd = (...args: string[]) => runProgram(LAUNCHER, args);

/** The daemon as a process of its own, and calls to it as OMFLOW makes them. */
export interface Daemon extends AsyncDisposable {
  readonly program: Program;
  readonly address: string;
  sync(): Promise<Answer>;
  authenticate(username: string, password: string): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly snapshot: string | null;
  readonly body: Served & { readonly message?: string };
}

export async function startDaemon(configFile: string): Promise<Daemon> {
  const program = await startProgram(LAUNCHER, ['serve', '--config', configFile]);
  const [, address = ''] = await program.waitFor(/"address":"([^"]+)"/, 20_000);
  const call = async (path: string, body: unknown): Promise<Answer> => {
    const response = await fetch(`http://${address}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`omflow:${TOKEN}`)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      snapshot: response.headers.get('x-roster-snapshot'),
      body: (await response.json()) as Answer['body'],
    };
  };
  return {
    program,
    address,
    sync: () => call('/sync', {}),
    authenticate: (username, password) => call('/authenticate', { username, password }),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
