import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { anotherChange, COMPANY_FILE, DEMO_LOGIN, makeCompany, moveDepartment } from '../config/demo/company.ts';
import { demoConfiguration } from '../config/demo/template.ts';
import type { Config } from '../src/config/schema.ts';
import { readConfiguration } from '../src/configuration.ts';
import { openLine } from '../src/line.ts';
import { openLog } from '../src/log.ts';
import { hashPassword } from '../src/logins/sql/hashes.ts';
import { type Daemon, startDaemon } from '../src/main.ts';
import { run } from '../src/runs/run.ts';
import { openStore } from '../src/store/open.ts';
import { lockFile } from '../src/store/sqlite.ts';
import { makeToken } from './token.ts';

const STORE_FILE = 'roster.db';
const CONFIG_FILE = 'rosterd.yaml';
const LOG_FILE = 'rosterd.log';
const DAY = 86_400_000;

/** The demo, running: the daemon, and what is needed to try it. */
export interface Demo {
  readonly daemon: Daemon;
  readonly configFile: string;
  readonly logFile: string;
  readonly token: string;
  readonly login: { readonly username: string; readonly password: string };
}

/** What stands in the way of a demo; the text says what to do. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/**
 * Makes the demo's company in a folder, anew each time, with two snapshots behind it: yesterday's, and today's after a
 * department moved. Then starts the daemon on it.
 */
export async function startDemo(folder: string): Promise<Demo> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  clear(folder);
  const hash = await hashPassword(DEMO_LOGIN.password);
  await makeCompany(join(folder, COMPANY_FILE), () => hash);
  const { token, tokenHash } = makeToken();
  const configFile = join(folder, CONFIG_FILE);
  writeFileSync(configFile, demoConfiguration({ listen: `127.0.0.1:${await freePort(8642)}`, tokenHash }), {
    mode: 0o600,
  });
  const { config } = await readConfiguration(configFile, process.env);
  await twoDays(config, join(folder, COMPANY_FILE));
  const logFile = join(folder, LOG_FILE);
  const daemon = await startDaemon(config, await openLog(config.log_level, { file: logFile }));
  await daemon.firstRun;
  return { daemon, configFile, logFile, token, login: DEMO_LOGIN };
}

/** Makes the next small change in the company of a demo; tells in a sentence what it was. */
export function changeDemo(folder: string): string {
  const company = join(folder, COMPANY_FILE);
  if (existsSync(company)) return anotherChange(company);
  throw new DemoError(`there is no demo in ${folder}; start one with "npm start" first`);
}

/** Stands in a folder that a demo made, so that nobody's own store and configuration are taken for one. */
const MARKER = '.rosterd-demo';

/** Removes what an earlier demo left, but nothing of anybody else's, and not under a daemon that still serves it. */
function clear(folder: string): void {
  const mine = existsSync(join(folder, MARKER));
  if (!mine && readdirSync(folder).length > 0) {
    throw new DemoError(`${folder} has files that are not a demo's; name an empty folder with --dir`);
  }
  writeFileSync(join(folder, MARKER), '');
  const store = join(folder, STORE_FILE);
  using lock = lockFile(`${store}-serve-lock`);
  if (!lock)
    throw new DemoError(
      `a demo is running in ${folder} already; stop it with Ctrl-C, or name another folder with --dir`,
    );
  const made = [
    COMPANY_FILE,
    CONFIG_FILE,
    LOG_FILE,
    STORE_FILE,
    `${STORE_FILE}-wal`,
    `${STORE_FILE}-shm`,
    `${STORE_FILE}-run-lock`,
  ];
  for (const name of made) rmSync(join(folder, name), { force: true });
}

async function twoDays(config: Config, company: string): Promise<void> {
  await using store = await openStore(config.store, { migrate: true });
  const line = await openLine(config, store);
  const pull = { cause: 'pull', dryRun: false, signal: new AbortController().signal } as const;
  const yesterday = new Date(Date.now() - DAY);
  await run({ ...line, now: () => yesterday }, pull);
  moveDepartment(company);
  await run(line, pull);
}

/** The port that the documentation names, or whichever is free where somebody else has it. */
async function freePort(wanted: number): Promise<number> {
  const port = await tryPort(wanted);
  return port ?? (await tryPort(0)) ?? wanted;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
