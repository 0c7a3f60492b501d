import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { loadConfig } from '../../src/config/load.ts';
import { openLine } from '../../src/line.ts';
import { type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { type RunRequest, type RunResult, run } from '../../src/runs/run.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type CommandOptions, command } from './command.ts';
import { temporaryFolder } from './folder.ts';
import type { Exit } from './program.ts';

/** Somebody in the table of employees; what is not given is made from the account. */
export interface Employee {
  readonly account: string;
  readonly name?: string;
  readonly mail?: string;
  readonly phone?: string | null;
  readonly dept?: string | null;
  /** The table that they are in: `hr` unless it says otherwise. */
  readonly source?: 'hr' | 'bamboohr';
}

/**
 * A small company with two personnel databases (`hr`, which has the departments, and `bamboohr`), a configuration file for
 * it, and a store that real runs write. Everything goes with its folder.
 */
export interface Company extends AsyncDisposable {
  readonly folder: string;
  readonly configFile: string;
  /** Changes the personnel databases: tables `hr`, `bamboohr` (id, account, mail, name, phone, dept, gone) and `units` (code, name, parent). */
  sql(text: string): void;
  hire(...employees: readonly Employee[]): void;
  /** Makes a run, as of a moment (UTC). */
  run(at: string, request?: Partial<RunRequest>): Promise<RunResult>;
  /** Writes that a snapshot was delivered to OMFLOW. */
  deliver(snapshot: number, at: string, finished?: boolean): Promise<void>;
  /** Lets the test use the store, which is closed after. */
  withStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result>;
  /** Runs a command on this company's configuration. */
  rosterd(name: string, args?: readonly string[], options?: CommandOptions): Promise<Exit>;
}

/** `more` is appended to the configuration, as YAML. */
export async function company({ more = '', timezone = 'UTC' } = {}): Promise<Company> {
  const folder = await temporaryFolder();
  const configFile = join(folder.path, 'rosterd.yaml');
  const file = join(folder.path, 'hr.db');
  writeFileSync(configFile, configuration(timezone) + more, { mode: 0o600 });
  const hr = new DatabaseSync(file);
  hr.exec(TABLES);
  const withStore = <Result>(work: (store: Store) => Promise<Result>) => onStore(configFile, work);
  return {
    folder: folder.path,
    configFile,
    sql: text => hr.exec(text),
    hire: (...employees) => hire(hr, employees),
    run: (at, request) => withStore(store => runAt(configFile, store, { at: new Date(at), ...request })),
    deliver: (snapshot, at, finished = true) =>
      withStore(store => store.deliveries.add([delivery(snapshotNumber(snapshot), new Date(at), finished)])),
    withStore,
    rosterd: (name, args = [], options = {}) => command([name, ...args, '--config', configFile], options),
    async [Symbol.asyncDispose]() {
      hr.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const TABLES = `
  create table hr (id integer primary key, account text, mail text, name text, phone text, dept text, gone text);
  create table bamboohr (id integer primary key, account text, mail text, name text, phone text, dept text, gone text);
  create table units (code text, name text, parent text);`;

const people = (table: string) => `
      table: ${table}
      key: id
      map: { username: account, email: mail, nick_name: name, phone1: phone, gender: { const: female }, departments: dept }
      active: { field: gone, empty: true }`;

const configuration = (timezone: string) => `
timezone: ${timezone}
store: sqlite:roster.db
server:
  clients:
    - { name: omflow, scopes: [sync], token_hash: "sha256:${'0'.repeat(64)}" }
sources:
  - name: hr
    type: sql
    url: sqlite:hr.db
    people:${people('hr')}
    departments: { table: units, map: { group_no: code, display_name: name, parent_group_no: parent } }
  - name: bamboohr
    type: sql
    match: email
    url: sqlite:hr.db
    people:${people('bamboohr')}
`;

function hire(hr: DatabaseSync, employees: readonly Employee[]): void {
  hr.exec('begin');
  for (const { account, name, mail, phone, dept, source } of employees) {
    hr.prepare(`insert into ${source ?? 'hr'} (account, mail, name, phone, dept) values (?, ?, ?, ?, ?)`).run(
      account,
      mail ?? `${account}@acme.example`,
      name ?? account,
      phone ?? null,
      dept ?? null,
    );
  }
  hr.exec('commit');
}

async function onStore<Result>(configFile: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  await using store = await openStore(loadConfig(configFile, {}).config.store, { migrate: true });
  return await work(store);
}

async function runAt(configFile: string, store: Store, { at, ...request }: Partial<RunRequest> & { at: Date }) {
  const { config } = loadConfig(configFile, {});
  const line = { ...(await openLine(config, store)), now: () => at };
  return await run(line, { cause: 'pull', dryRun: false, signal: new AbortController().signal, ...request });
}

const delivery = (snapshot: SnapshotNumber, at: Date, finished: boolean) => ({
  id: randomUUID(),
  snapshot,
  client: 'omflow',
  at,
  finished,
  bytes: finished ? 4096 : 100,
});
