import { type ColumnBuilderCallback, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { packTables } from './pack-tables.ts';
import { addColumn, addIndex, addRow, type Ground, newTable } from './steps.ts';
import type { Engine } from './store.ts';

/** People and departments: a row holds from snapshot `first` to snapshot `last`; `last` is null while it holds. */
export interface RecordTable {
  id: number;
  /** The person's key or the group_no; UTF-8 bytes order them. */
  key: string;
  /** What OMFLOW knows it by: the username or the group_no. */
  name: string;
  first: number;
  last: number | null;
  /** A SHA-256, in its 32 bytes. */
  leaf: Uint8Array;
  /** What the leaf is the digest of (see `roster/leaf.ts`), packed; in rows of before `2026-11-24-fifth-packed` as it is. */
  content: string;
  /** JSON: the source of each field that did not come from the one in the key; `""` for none. */
  origin: string;
  /** Why it ended: `left`, `missing`, or `""` where another row follows it. */
  reason: string;
  reason_source: string;
}

/** What holds in the newest snapshot, narrow, so that a run can compare without reading contents. */
export interface HeadTable {
  key: string;
  id: number;
  leaf: Uint8Array;
}

/** What the records in a part of an extract are. */
export type ExtractPartKind = 'people' | 'departments' | 'memberships' | 'problems';

export interface Tables {
  snapshots: {
    number: number;
    /** Milliseconds since 1970, as all times here. */
    at: number;
    digest: string;
    people: number;
    departments: number;
    memberships: number;
    changes: string;
    run: number;
    /** The hold that an administrator approved to make it; null when it passed the guards. */
    hold: number | null;
  };
  people: RecordTable;
  departments: RecordTable;
  people_head: HeadTable;
  departments_head: HeadTable;
  /** Every username and email that was ever published, folded, with whose it was. */
  ledger: { kind: 'username' | 'email'; folded: string; username: string; key: string };
  runs: {
    number: number;
    cause: string;
    started: number;
    finished: number | null;
    status: string;
    snapshot: number | null;
    hold: number | null;
    changes: string;
    sources: string;
    /** Which of the `problem_lists` it has; `""` for none. */
    problems: string;
    counts: string;
    findings: string;
    fingerprint: string;
    /** 1 when a source was represented by what it gave under another configuration, or left out. */
    unproved: number;
  };
  /** What runs found wrong, each list once. */
  problem_lists: {
    /** The SHA-256 of the list, in hex. */
    digest: string;
    /** A JSON array. */
    problems: string;
  };
  extracts: {
    source: string;
    at: number;
    fingerprint: string;
    people: number;
    departments: number;
    memberships: number;
    /** Of its parts' digests. */
    digest: string;
  };
  /** What is in the extracts, in parts small enough for every engine's longest statement. */
  extract_parts: {
    source: string;
    /** 0, 1, 2 … */
    place: number;
    kind: ExtractPartKind;
    digest: string;
    content: Uint8Array;
  };
  /** Columns that can be null, but for `base` and those of the end, are so in rows of before `2026-11-22-third-decisions`. */
  holds: {
    number: number;
    run: number;
    opened: number;
    closed: number | null;
    findings: string;
    changes: string;
    /** The newest snapshot when it was opened; null when there was none. */
    base: number | null;
    digest: string | null;
    people: number | null;
    departments: number | null;
    memberships: number | null;
    fingerprint: string | null;
    /** `approved`, `overtaken`; null while it stands. */
    how: string | null;
    /** The run that ended it. */
    ended_by: number | null;
    reason: string | null;
  };
  /** What the candidate of the hold that stands changes of the newest snapshot; gone once it is decided. */
  hold_rows: {
    hold: number;
    kind: 'people' | 'departments';
    key: string;
    /** 1 when the row ends that holds now, with why, as in {@link RecordTable}. */
    ends: number;
    reason: string;
    reason_source: string;
    /** Null, as `leaf`, `content` and `origin`, when nothing takes its place. */
    name: string | null;
    leaf: string | null;
    content: string | null;
    origin: string | null;
  };
  pins: { number: number; snapshot: number; at: number; ended: number | null };
  /** What is left of the rows of purged people. */
  purged: { id: number; first: number; last: number; leaf: string };
  /** Where among all people of a snapshot a purged one stood, since their key is gone. */
  purged_places: { purged: number; snapshot: number; place: number };
  /** What the store keeps for itself, by name: `ledger_key`, `pruned_at`. */
  settings: { name: string; value: string };
  deliveries: {
    id: string;
    /** Rises with every delivery, whatever the clock says; 0 for those of before `2026-11-22-third-decisions`. */
    number: number;
    snapshot: number;
    client: string;
    at: number;
    finished: number;
    bytes: number;
  };
  /** Whose wrong passwords an administrator has forgiven, and when. */
  unlocks: {
    /** The SHA-256 of the username, in hex. */
    name: string;
    at: number;
  };
  /**
   * How many wrong passwords count against somebody, for all replicas that share the store; empty on SQLite, where one
   * process keeps them in memory. The columns and their order are those that rate-limiter-flexible writes to.
   */
  login_failures: {
    /** The SHA-256 of the username, in hex. */
    key: string;
    points: number;
    /** From then on they do not count. */
    expire: number | null;
  };
  /** See `KnownState`; and one row of the subject `""`, by which those who look wait for each other. */
  notice_states: {
    subject: string;
    mark: string;
    level: number;
    /** 1 while it is bad. */
    standing: number;
    entered: number | null;
    since: number | null;
    run: number;
  };
  /** What channels are to be told, and were: a row for each channel. */
  notices: {
    /** Rises with every notice. */
    number: number;
    id: string;
    /** A digest of where it leads. */
    channel: string;
    subject: string;
    entered: number;
    kind: string;
    at: number;
    content: string;
    /** How many tries failed. */
    attempts: number;
    /** When the next one may be made. */
    due: number;
    /** Until when somebody is at it; null when nobody is. */
    claimed: number | null;
    /** 1 when a try failed after which nobody knows whether it arrived. */
    maybe: number;
    /** `sent`, `given_up`, or `""` while it waits. */
    outcome: string;
    ended: number | null;
  };
}

/** The columns of each table's primary key; whatever copies a store goes through all of these tables by them. */
export const PRIMARY_KEYS: { readonly [Table in keyof Tables]: readonly (keyof Tables[Table] & string)[] } = {
  snapshots: ['number'],
  people: ['id'],
  departments: ['id'],
  people_head: ['key'],
  departments_head: ['key'],
  ledger: ['kind', 'folded', 'username'],
  runs: ['number'],
  problem_lists: ['digest'],
  extracts: ['source'],
  extract_parts: ['source', 'place'],
  holds: ['number'],
  hold_rows: ['hold', 'kind', 'key'],
  pins: ['number'],
  purged: ['id'],
  purged_places: ['snapshot', 'place'],
  settings: ['name'],
  deliveries: ['id'],
  unlocks: ['name'],
  login_failures: ['key'],
  notice_states: ['subject'],
  notices: ['number'],
};

/**
 * Column types by engine. Keys are bytes on MySQL: its collations would sort them otherwise than SQLite and JavaScript do,
 * and take some that differ for the same.
 */
const TYPES = {
  sqlite: { key: sql`text`, name: sql`text`, short: sql`text`, long: sql`text`, bytes: sql`blob`, count: sql`integer` },
  mysql: {
    key: sql`varbinary(767)`,
    name: sql`varbinary(1020)`,
    short: sql`varchar(128) character set ascii collate ascii_bin`,
    long: sql`longtext character set utf8mb4 collate utf8mb4_bin`,
    bytes: sql`longblob`,
    count: sql`bigint`,
  },
} as const;

/** Every migration there is, by name, in the order of names; a store that knows another one was made by a newer version. */
export function migrations(engine: Engine): Record<string, Migration> {
  return {
    '2026-11-22-first': { up: db => first({ db, engine }) },
    '2026-11-22-second-extracts': { up: db => extractTables({ db, engine }) },
    '2026-11-22-third-decisions': { up: db => decisionTables({ db, engine }) },
    '2026-11-23-fourth-logins': { up: db => loginTables({ db, engine }) },
    '2026-11-24-fifth-packed': { up: db => packTables({ db, engine }) },
    '2026-11-25-sixth-notices': { up: db => noticeTables({ db, engine }) },
  };
}

async function first(ground: Ground): Promise<void> {
  await snapshotTables(ground);
  await runTables(ground);
}

async function snapshotTables(ground: Ground): Promise<void> {
  const { key, name, short, long, count } = TYPES[ground.engine];
  await newTable(ground, 'snapshots')
    .addColumn('number', count, column => column.primaryKey())
    .addColumn('at', count, column => column.notNull())
    .addColumn('digest', short, column => column.notNull())
    .addColumn('people', count, column => column.notNull())
    .addColumn('departments', count, column => column.notNull())
    .addColumn('memberships', count, column => column.notNull())
    .addColumn('changes', long, column => column.notNull())
    .addColumn('run', count, column => column.notNull())
    .execute();
  for (const table of ['people', 'departments'] as const) {
    await newTable(ground, table)
      .addColumn('id', count, column => column.primaryKey())
      .addColumn('key', key, column => column.notNull())
      .addColumn('name', key, column => column.notNull())
      .addColumn('first', count, column => column.notNull())
      .addColumn('last', count)
      .addColumn('leaf', short, column => column.notNull())
      .addColumn('content', long, column => column.notNull())
      .addColumn('origin', long, column => column.notNull())
      .addColumn('reason', short, column => column.notNull())
      .addColumn('reason_source', short, column => column.notNull())
      .execute();
    await addIndex(ground, { table, name: `${table}_key`, columns: ['key', 'first'], unique: true });
    await addIndex(ground, { table, name: `${table}_name`, columns: ['name'] });
    await addIndex(ground, { table, name: `${table}_first`, columns: ['first'] });
    await addIndex(ground, { table, name: `${table}_last`, columns: ['last'] });
    const head = newTable(ground, `${table}_head`)
      .addColumn('key', key, column => column.primaryKey().notNull())
      .addColumn('id', count, column => column.notNull())
      .addColumn('leaf', short, column => column.notNull());
    await (ground.engine === 'sqlite' ? head.modifyEnd(sql`without rowid`) : head).execute();
  }
  const ledger = newTable(ground, 'ledger')
    .addColumn('kind', short, column => column.notNull())
    .addColumn('folded', name, column => column.notNull())
    .addColumn('username', key, column => column.notNull())
    .addColumn('key', key, column => column.notNull())
    .addPrimaryKeyConstraint('ledger_primary', ['kind', 'folded', 'username']);
  await (ground.engine === 'sqlite' ? ledger.modifyEnd(sql`without rowid`) : ledger).execute();
  await addIndex(ground, { table: 'ledger', name: 'ledger_key', columns: ['key'] });
}

async function runTables(ground: Ground): Promise<void> {
  const { name, short, long, count } = TYPES[ground.engine];
  const runs = newTable(ground, 'runs')
    .addColumn('number', count, column => column.primaryKey())
    .addColumn('cause', short, column => column.notNull())
    .addColumn('started', count, column => column.notNull())
    .addColumn('finished', count)
    .addColumn('status', short, column => column.notNull())
    .addColumn('snapshot', count)
    .addColumn('hold', count);
  await ['changes', 'sources', 'problems', 'counts', 'findings']
    .reduce((table, column) => table.addColumn(column, long, one => one.notNull()), runs)
    .addColumn('fingerprint', short, column => column.notNull())
    .execute();
  await newTable(ground, 'holds')
    .addColumn('number', count, column => column.primaryKey())
    .addColumn('run', count, column => column.notNull())
    .addColumn('opened', count, column => column.notNull())
    .addColumn('closed', count)
    .addColumn('findings', long, column => column.notNull())
    .addColumn('changes', long, column => column.notNull())
    .execute();
  await newTable(ground, 'deliveries')
    .addColumn('id', short, column => column.primaryKey())
    .addColumn('snapshot', count, column => column.notNull())
    .addColumn('client', name, column => column.notNull())
    .addColumn('at', count, column => column.notNull())
    .addColumn('finished', count, column => column.notNull())
    .addColumn('bytes', count, column => column.notNull())
    .execute();
  await addIndex(ground, { table: 'deliveries', name: 'deliveries_at', columns: ['at'] });
}

async function extractTables(ground: Ground): Promise<void> {
  const { short, bytes, count } = TYPES[ground.engine];
  await newTable(ground, 'extracts')
    .addColumn('source', short, column => column.primaryKey().notNull())
    .addColumn('at', count, column => column.notNull())
    .addColumn('fingerprint', short, column => column.notNull())
    .addColumn('people', count, column => column.notNull())
    .addColumn('departments', count, column => column.notNull())
    .addColumn('memberships', count, column => column.notNull())
    .addColumn('digest', short, column => column.notNull())
    .execute();
  await newTable(ground, 'extract_parts')
    .addColumn('source', short, column => column.notNull())
    .addColumn('place', count, column => column.notNull())
    .addColumn('kind', short, column => column.notNull())
    .addColumn('digest', short, column => column.notNull())
    .addColumn('content', bytes, column => column.notNull())
    .addPrimaryKeyConstraint('extract_parts_primary', ['source', 'place'])
    .execute();
}

const isZeroAtFirst: ColumnBuilderCallback = column => column.notNull().defaultTo(0);

async function decisionTables(ground: Ground): Promise<void> {
  const { key, name, short, long, count } = TYPES[ground.engine];
  await addColumn(ground, { table: 'snapshots', name: 'hold', type: count });
  for (const column of ['base', 'people', 'departments', 'memberships', 'ended_by']) {
    await addColumn(ground, { table: 'holds', name: column, type: count });
  }
  for (const column of ['digest', 'fingerprint', 'how']) {
    await addColumn(ground, { table: 'holds', name: column, type: short });
  }
  await addColumn(ground, { table: 'holds', name: 'reason', type: long });
  await addColumn(ground, { table: 'deliveries', name: 'number', type: count }, isZeroAtFirst);
  await addIndex(ground, { table: 'deliveries', name: 'deliveries_client', columns: ['client', 'finished', 'number'] });
  await addIndex(ground, { table: 'runs', name: 'runs_fingerprint', columns: ['fingerprint', 'status', 'number'] });
  await addColumn(ground, { table: 'runs', name: 'unproved', type: count }, isZeroAtFirst);
  // Their candidates were not kept, so nobody could approve them; the next run opens them anew where it has to.
  await sql`update holds set closed = opened, how = 'outdated' where closed is null`.execute(ground.db);
  await newTable(ground, 'hold_rows')
    .addColumn('hold', count, column => column.notNull())
    .addColumn('kind', short, column => column.notNull())
    .addColumn('key', key, column => column.notNull())
    .addColumn('ends', count, column => column.notNull())
    .addColumn('reason', short, column => column.notNull())
    .addColumn('reason_source', short, column => column.notNull())
    .addColumn('name', name)
    .addColumn('leaf', short)
    .addColumn('content', long)
    .addColumn('origin', long)
    .addPrimaryKeyConstraint('hold_rows_primary', ['hold', 'kind', 'key'])
    .execute();
  await newTable(ground, 'pins')
    .addColumn('number', count, column => column.primaryKey())
    .addColumn('snapshot', count, column => column.notNull())
    .addColumn('at', count, column => column.notNull())
    .addColumn('ended', count)
    .execute();
  await newTable(ground, 'purged')
    .addColumn('id', count, column => column.primaryKey())
    .addColumn('first', count, column => column.notNull())
    .addColumn('last', count, column => column.notNull())
    .addColumn('leaf', short, column => column.notNull())
    .execute();
  await newTable(ground, 'purged_places')
    .addColumn('purged', count, column => column.notNull())
    .addColumn('snapshot', count, column => column.notNull())
    .addColumn('place', count, column => column.notNull())
    .addPrimaryKeyConstraint('purged_places_primary', ['snapshot', 'place'])
    .execute();
  await newTable(ground, 'settings')
    .addColumn('name', short, column => column.primaryKey().notNull())
    .addColumn('value', long, column => column.notNull())
    .execute();
  await addRow(ground, 'settings', 'name', { name: 'decision', value: '' });
}

async function loginTables(ground: Ground): Promise<void> {
  const { short, count } = TYPES[ground.engine];
  await newTable(ground, 'unlocks')
    .addColumn('name', short, column => column.primaryKey().notNull())
    .addColumn('at', count, column => column.notNull())
    .execute();
  await newTable(ground, 'login_failures')
    .addColumn('key', short, column => column.primaryKey().notNull())
    .addColumn('points', count, column => column.notNull())
    .addColumn('expire', count)
    .execute();
}

async function noticeTables(ground: Ground): Promise<void> {
  const { key, short, long, count } = TYPES[ground.engine];
  await newTable(ground, 'notice_states')
    .addColumn('subject', key, column => column.primaryKey().notNull())
    .addColumn('mark', short, column => column.notNull())
    .addColumn('level', count, column => column.notNull())
    .addColumn('standing', count, column => column.notNull())
    .addColumn('entered', count)
    .addColumn('since', count)
    .addColumn('run', count, column => column.notNull())
    .execute();
  await newTable(ground, 'notices')
    .addColumn('number', count, column => column.primaryKey())
    .addColumn('id', short, column => column.notNull())
    .addColumn('channel', short, column => column.notNull())
    .addColumn('subject', key, column => column.notNull())
    .addColumn('entered', count, column => column.notNull())
    .addColumn('kind', short, column => column.notNull())
    .addColumn('at', count, column => column.notNull())
    .addColumn('content', long, column => column.notNull())
    .addColumn('attempts', count, column => column.notNull())
    .addColumn('due', count, column => column.notNull())
    .addColumn('claimed', count)
    .addColumn('maybe', count, column => column.notNull())
    .addColumn('outcome', short, column => column.notNull())
    .addColumn('ended', count)
    .execute();
  await addRow(ground, 'notice_states', 'subject', { subject: '', mark: '', level: 0, standing: 0, run: 0 });
}
