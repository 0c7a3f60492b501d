import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Config } from '../../src/config/schema.ts';
import type { RosterService } from '../../src/http/roster.ts';
import { mayEcho, openLine } from '../../src/line.ts';
import type { Outcome, SnapshotNumber } from '../../src/roster/model.ts';
import { rosterService } from '../../src/runs/answers.ts';
import { approve } from '../../src/runs/approve.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { NO_MEMORY } from '../../src/runs/echo.ts';
import type { Line } from '../../src/runs/run.ts';
import { inTurn } from '../../src/runs/turn.ts';
import type { RunCause, Store } from '../../src/store/store.ts';
import { COLUMNS, digestOf, type Generation, generation, TABLES, type Truths } from './generations.ts';

/** A personnel database that goes from one generation to the next, in one step. */
export interface Personnel extends AsyncDisposable {
  readonly url: string;
  become(number: number): Promise<void>;
}

const KINDS = ['employees', 'departments', 'members'] as const;

/** In a file. */
export function personnelFile(folder: string): Personnel {
  const path = join(folder, 'hr.db');
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = wal; pragma synchronous = off');
  database.exec(TABLES.replaceAll('create table', 'create table if not exists'));
  return {
    url: `sqlite:${path}`,
    async become(number) {
      const rows: Generation = generation(number);
      database.exec('begin');
      for (const table of KINDS) {
        database.exec(`delete from ${table}`);
        const marks = COLUMNS[table].split(',').map(() => '?');
        const insert = database.prepare(`insert into ${table} (${COLUMNS[table]}) values (${marks})`);
        for (const row of rows[table]) insert.run(...row);
      }
      database.exec('commit');
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

/** What an answer to `/sync` was: the generation that it told, or why there was none. */
export type Told = { readonly generation: number } | { readonly refusal: string };

/** All that has to stay true of one store, whatever goes wrong. */
export class Promises {
  readonly truths: Truths;
  /** The snapshots of which somebody was told that they are published, with the digests of their answers once known. */
  readonly #acknowledged = new Map<SnapshotNumber, string | undefined>();

  constructor(truths: Truths) {
    this.truths = truths;
  }

  acknowledge(number: SnapshotNumber): void {
    this.#acknowledged.set(number, this.#acknowledged.get(number));
  }

  /** The newest snapshot, or each of them, was true once and verifies, and none that was acknowledged is lost. */
  async keptBy(store: Store, which: 'newest' | 'all' = 'newest'): Promise<void> {
    const newest = await store.snapshots.newest();
    const last = Math.max(0, ...this.#acknowledged.keys());
    assert.ok((newest?.number ?? 0) >= last, `snapshot ${last} was acknowledged, and the newest is ${newest?.number}`);
    if (newest) this.acknowledge(newest.number);
    for (const [number, before] of this.#acknowledged) {
      if (which === 'newest' && number !== newest?.number && number !== last) continue;
      const digest = await digestIn(store, number);
      assert.equal(digest, before ?? digest, `snapshot ${number} is another than it was`);
      assert.ok(this.truths.of(digest) !== undefined, `snapshot ${number} was never true`);
      this.#acknowledged.set(number, digest);
    }
  }
}

/** Throws when the store is damaged. */
export const digestIn = async (store: Store, number: SnapshotNumber) => digestOf(await renderSnapshot(store, number));

export interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly personnel: Personnel;
  /** What was promised of this store before. */
  readonly promises: Promises;
}

export interface Circumstances {
  now?(): Date;
  /** Told what happens, before (`becoming 7`) or right after (`published 3`, `delivered 3`) it does. */
  say?(what: string): void;
}

/** The line, `/sync` and an administrator, on one store and in this process. */
export class FaultHouse {
  readonly #parts: Parts;
  readonly #line: Line;
  readonly #service: RosterService;
  readonly #say: (what: string) => void;
  readonly #signal = new AbortController().signal;
  #underWay: Promise<void> | undefined;

  static async open(parts: Parts, circumstances: Circumstances = {}): Promise<FaultHouse> {
    return new FaultHouse(await openLine(parts.config, parts.store), parts, circumstances);
  }

  private constructor(line: Line, parts: Parts, { now = () => new Date(), say = () => {} }: Circumstances) {
    const { config, store } = parts;
    this.#parts = parts;
    this.#line = { ...line, now, memory: mayEcho(config) ? { last: NO_MEMORY } : undefined };
    this.#say = say;
    this.#service = rosterService({
      sync: config.sync,
      store,
      now,
      runner: {
        failingSince: undefined,
        run: cause => this.#run(cause),
        render: number => renderSnapshot(store, number),
      },
      delivered: () => {},
      unavailable: () => {},
    });
  }

  /** The next generation is what is true; gives its number. */
  async next(): Promise<number> {
    const number = this.#parts.promises.truths.announce();
    this.#say(`becoming ${number}`);
    await this.#parts.personnel.become(number);
    return number;
  }

  /** Asks `/sync`, and records the delivery. */
  async sync(): Promise<Told> {
    const answer = await this.#service.answer();
    // After a run that took long, by the clock, /sync does not wait for the next one.
    await this.#underWay?.catch(() => {});
    if (answer.status === 'fail') return { refusal: answer.refusal.reason };
    const { snapshot, content: bytes } = answer.body;
    assert.ok(bytes instanceof Uint8Array);
    const generation = this.#parts.promises.truths.of(digestOf(bytes));
    assert.ok(generation !== undefined, `snapshot ${snapshot} was served, and it was never true`);
    await this.#deliver(snapshot, bytes.length);
    return { generation };
  }

  /** Approves the hold that stands, as an administrator would, if there is one. */
  async approve(): Promise<void> {
    const hold = await this.#parts.store.holds.open();
    if (!hold) return;
    this.#say(`approving ${hold.number}`);
    const request = { hold: hold.number, reason: 'looked at', signal: this.#signal };
    const approval = await approve(this.#line, request);
    if (approval.status !== 'approved') return;
    this.#acknowledge(approval.outcome);
    this.#acknowledge(approval.next.outcome);
  }

  /** Both, while anything may go wrong with them. */
  async work(): Promise<Told> {
    const told = await this.sync();
    await this.approve().catch(() => {});
    return told;
  }

  #run(cause: RunCause): Promise<void> {
    const turn = inTurn(this.#line, { cause, dryRun: false, signal: this.#signal });
    this.#underWay = turn.then(({ outcome }) => this.#acknowledge(outcome));
    return this.#underWay;
  }

  #acknowledge(outcome: Outcome): void {
    if (outcome.status !== 'published') return;
    this.#parts.promises.acknowledge(outcome.snapshot);
    this.#say(`published ${outcome.snapshot}`);
  }

  /** A delivery that cannot be recorded was a delivery all the same. */
  async #deliver(snapshot: SnapshotNumber, bytes: number): Promise<void> {
    const delivery = { id: randomUUID(), snapshot, client: 'omflow', at: this.#line.now(), finished: true, bytes };
    await this.#parts.store.deliveries.add([delivery]).catch(() => {});
    this.#say(`delivered ${snapshot}`);
  }
}
