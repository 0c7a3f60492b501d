import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../../src/config/schema.ts';
import { openLine } from '../../src/line.ts';
import { sourceName } from '../../src/roster/model.ts';
import { approve } from '../../src/runs/approve.ts';
import { type Line, type RunResult, run } from '../../src/runs/run.ts';
import { nextTick } from '../../src/runs/schedule.ts';
import { isDue } from '../../src/runs/stand-in.ts';
import { RunWorker } from '../../src/runs/worker.ts';
import type { Source } from '../../src/sources/source.ts';
import type { RunCause } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig, hrSettings, hrSource } from '../support/hr.ts';
import { startDaemon, writeConfig } from '../support/rosterd.ts';
import { type House, openHouse } from './house.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PAPER = sourceName('paper');
const PEOPLE = { key: 'id', map: { username: 'account', email: 'mail', gender: { const: 'male' } } };

/** The house's HR database, and beside it a small one of its own: a file with a table `staff` (id, account, mail). */
interface Firm extends AsyncDisposable {
  readonly house: House;
  readonly folder: string;
  sql(text: string): void;
  hire(...accounts: readonly string[]): void;
  /** Takes the file away, or brings it back. */
  lose(): void;
  find(): void;
  clock: { now: Date };
  /** A run as of the clock, under the settings of the moment. */
  pull(request?: { cause?: RunCause; dryRun?: boolean; line?: Partial<Line> }): Promise<RunResult>;
  line(): Promise<Line>;
  /** What the next runs know of the small source, beyond where it is; null takes it out of the configuration. */
  settings: Record<string, unknown> | null;
  /** Whom OMFLOW would get of the small source. */
  served(): Promise<string[]>;
}

async function openFirm(settings: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Firm> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const house = stack.use(await openHouse());
  const file = join(folder.path, 'paper.db');
  const sql = (text: string) => {
    using database = new DatabaseSync(file);
    database.exec(text);
  };
  sql('create table staff (id text primary key, account text, mail text)');
  const owned = stack.move();
  const firm: Firm = {
    house,
    folder: folder.path,
    clock: { now: new Date('2026-11-22T02:00:00Z') },
    settings,
    sql,
    hire: (...accounts) =>
      accounts.forEach(one => {
        sql(`insert into staff values ('p-${one}', '${one}', '${one}@paper.example')`);
      }),
    lose: () => renameSync(file, `${file}.lost`),
    find: () => renameSync(`${file}.lost`, file),
    line: () => openLine(configOf(firm, file, more), house.store),
    pull: async ({ cause = 'schedule', dryRun = false, line = {} } = {}) =>
      run(
        { ...(await firm.line()), now: () => firm.clock.now, ...line },
        { cause, dryRun, signal: new AbortController().signal },
      ),
    async served() {
      const { user_info_list } = await house.served();
      return user_info_list.flatMap(one => (one['email']?.endsWith('@paper.example') ? (one['username'] ?? []) : []));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return firm;
}

function configOf({ house, folder, settings }: Firm, file: string, more: Record<string, unknown>): Config {
  const paper = {
    name: 'paper',
    type: 'sql',
    url: `sqlite:${file}`,
    people: { table: 'staff', ...PEOPLE },
    ...settings,
  };
  return hrConfig(folder, house.hr.url, {
    ...more,
    sources: [hrSource(house.hr.url), ...(settings ? [paper] : [])],
  });
}

const later = (firm: Firm, milliseconds: number) => {
  firm.clock.now = new Date(firm.clock.now.getTime() + milliseconds);
};

const paperOf = (result: RunResult) => result.report.sources.find(read => read.source === 'paper');
const excuses = (result: RunResult) =>
  result.report.problems
    .filter(one => one.source === 'paper' && one.kind === 'source')
    .map(({ code, effect, text }) => ({ code, effect, text }));
const failures = ({ outcome }: RunResult) =>
  outcome.status === 'failed' ? outcome.problems.map(one => `source ${one.source} ${one.text}`) : [];
const statusOf = ({ outcome }: RunResult) => outcome.status;
const storedOf = async ({ house }: Firm) => (await house.store.extracts.get(PAPER))?.extract.people.length;

/** The real sources of a firm, of which `paper` is followed: `between` is called with the number of each read that ended. */
async function followed(firm: Firm, between: (read: number) => unknown = () => {}) {
  const reads = new Map<string, number>();
  const sources: Source[] = (await firm.line()).sources.map(source => ({
    name: source.name,
    async *read(pull) {
      const number = (reads.get(source.name) ?? 0) + 1;
      reads.set(source.name, number);
      yield* source.read(pull);
      if (source.name === 'paper') await between(number);
    },
  }));
  return { sources, of: (name: string) => reads.get(name) ?? 0 };
}

const MISSING = /^there is no database at .*paper\.db$/;

suite('an optional source', () => {
  test('that fails for days is represented by its last extract, and followed again when it is back', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann', 'bob');
    const first = await firm.pull();
    assert.equal(statusOf(first), 'published');
    assert.deepEqual(excuses(first), []);
    firm.lose();
    for (const days of [1, 2, 3]) {
      later(firm, DAY);
      const away = await firm.pull();
      assert.equal(statusOf(away), 'unchanged');
      const [excuse] = excuses(away);
      assert.deepEqual([excuse?.code, excuse?.effect], ['source_stands_in', 'warned']);
      assert.match(
        excuse?.text ?? '',
        /^cannot be read \(there is no database at .*\/paper\.db\); its extract of 2026-11-22 10:00 stands in$/,
      );
      const read = paperOf(away);
      assert.deepEqual(
        [read?.state, read?.rows.people, read?.of, read?.failure?.since],
        ['stored', 2, new Date('2026-11-22T02:00:00Z'), new Date('2026-11-23T02:00:00Z')],
        `after ${days} days`,
      );
      assert.match(read?.failure?.why ?? '', MISSING);
    }
    // The others are followed meanwhile.
    await firm.house.hr.execute('delete from employees where emp_id = 3');
    assert.equal(statusOf(await firm.pull()), 'published');
    assert.deepEqual(await firm.served(), ['ann', 'bob']);
    firm.find();
    firm.sql("delete from staff where account = 'ann'; insert into staff values ('p-cid', 'cid', 'cid@paper.example')");
    const back = await firm.pull();
    assert.deepEqual([paperOf(back)?.state, paperOf(back)?.failure, excuses(back)], ['read', undefined, []]);
    assert.deepEqual(await firm.served(), ['bob', 'cid']);
    firm.lose();
    later(firm, HOUR);
    const again = await firm.pull();
    assert.deepEqual(paperOf(again)?.failure?.since, firm.clock.now, 'an outage that is over is another one');
    assert.deepEqual(await firm.served(), ['bob', 'cid']);
  });

  test('since when it fails is known across runs that fail or break off', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann');
    await firm.pull();
    const began = firm.clock.now;
    firm.lose();
    await firm.pull();
    later(firm, HOUR);
    await firm.house.hr.execute('rename table employees to gone');
    const failed = await firm.pull();
    assert.equal(statusOf(failed), 'failed');
    assert.deepEqual(failed.report.problems.map(one => one.code).sort(), ['source_failed', 'source_stands_in']);
    await firm.house.hr.execute('rename table gone to employees');
    later(firm, HOUR);
    const broken = await firm.pull({
      line: {
        today: () => {
          throw new Error('no calendar');
        },
      },
    });
    assert.deepEqual(broken.report.sources, []);
    later(firm, HOUR);
    assert.deepEqual(paperOf(await firm.pull())?.failure?.since, began);
  });

  test('that was never read is left out, which is said, until it can be read', async () => {
    await using firm = await openFirm({ required: false });
    firm.lose();
    for (const expected of ['published', 'unchanged']) {
      const without = await firm.pull();
      assert.equal(statusOf(without), expected);
      const [excuse] = excuses(without);
      assert.deepEqual([excuse?.code, excuse?.effect], ['source_left_out', 'dropped']);
      assert.match(
        excuse?.text ?? '',
        /^cannot be read \(there is no database at .*\); nothing that is served came from it, so the run goes on without it$/,
      );
      assert.deepEqual(
        without.report.counts.filter(one => one.code === 'source_left_out'),
        [{ code: 'source_left_out', effect: 'dropped', count: 1 }],
      );
      assert.equal(paperOf(without)?.state, 'failed');
      assert.match(paperOf(without)?.failure?.why ?? '', MISSING);
    }
    firm.find();
    firm.hire('ann');
    assert.equal(statusOf(await firm.pull()), 'published');
    assert.deepEqual(await firm.served(), ['ann']);
  });

  test('that was required, and becomes optional while it is down, fails the run and takes nobody away', async () => {
    await using firm = await openFirm({});
    firm.hire('ann', 'bob');
    await firm.pull();
    assert.equal(await storedOf(firm), undefined, 'a source that needs no extract has none');
    firm.lose();
    firm.settings = { required: false };
    for (const _ of [1, 2]) {
      const result = await firm.pull();
      assert.match(
        failures(result).join(),
        /^source paper cannot be read \(there is no database at .*\), and there is no earlier extract of it to stand in for what it gave$/,
      );
    }
    assert.deepEqual(await firm.served(), ['ann', 'bob']);
    firm.find();
    assert.equal(statusOf(await firm.pull()), 'unchanged');
    firm.lose();
    assert.equal(statusOf(await firm.pull()), 'unchanged', 'now there is one');
  });

  test('that got another name while it is down fails the run and takes nobody away', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('x1', 'x2');
    assert.equal(statusOf(await firm.pull()), 'published');
    firm.lose();
    firm.settings = { required: false, name: 'renamed' };
    const run = await firm.pull();
    assert.equal(statusOf(run), 'failed');
    assert.match(failures(run).join(), /no earlier extract of it to stand in for what it gave/);
    assert.deepEqual(await firm.served(), ['x1', 'x2']);
  });

  test('that cannot be read when those who are missing are looked for again stands in as well', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann', 'bob');
    await firm.pull();
    firm.sql("delete from staff where account = 'ann'");
    await firm.house.hr.execute('delete from employees where emp_id = 3');
    const reads = await followed(firm, number => {
      if (number === 1) firm.lose();
    });
    const result = await firm.pull({ line: { sources: reads.sources } });
    assert.equal(excuses(result)[0]?.code, 'source_stands_in');
    assert.deepEqual(await firm.served(), ['ann', 'bob'], 'one read alone removes nobody');
    assert.equal(statusOf(result), 'published');
    assert.equal(result.outcome.status === 'published' && result.outcome.changes.people_removed, 1);
    assert.equal(reads.of('paper'), 2);
    assert.equal(await storedOf(firm), 2, 'what was not confirmed is not kept');
    firm.find();
    assert.equal(statusOf(await firm.pull()), 'published');
    assert.deepEqual(await firm.served(), ['bob']);
    assert.equal(await storedOf(firm), 1);
  });

  test('that is aborted is not represented, nor is anything written', async () => {
    for (const dryRun of [false, true]) {
      await using firm = await openFirm({ required: false });
      firm.hire('ann');
      await firm.pull();
      firm.lose();
      const stop = new AbortController();
      const line = { ...(await firm.line()), now: () => firm.clock.now };
      const sources = line.sources.map(source => ({
        name: source.name,
        async *read(pull: Parameters<Source['read']>[0]) {
          stop.abort(new Error('stopped by somebody'));
          yield* source.read(pull);
        },
      }));
      await assert.rejects(
        run({ ...line, sources }, { cause: 'pull', dryRun, signal: stop.signal }),
        /stopped by somebody/,
      );
      const [last] = await firm.house.store.runs.list(1);
      assert.equal(last?.status, dryRun ? 'published' : 'running');
    }
  });

  test('is represented by what it knew under an older configuration, and that is said', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann');
    await firm.pull();
    firm.lose();
    firm.settings = {
      required: false,
      people: { table: 'renamed', key: 'id', map: { username: 'id', email: 'mail' } },
    };
    const result = await firm.pull();
    assert.match(
      excuses(result)[0]?.text ?? '',
      /; its extract of 2026-11-22 10:00, read under an older configuration, stands in$/,
    );
    assert.deepEqual(await firm.served(), ['ann']);
  });

  test('stores what a held run read, and nothing of one that failed or was dry', async () => {
    await using firm = await openFirm({ required: false }, { guards: { source_rows: '100%' } });
    firm.hire('ann', 'bob', 'cid', 'dan', 'eve', 'fay');
    await firm.pull({ dryRun: true });
    assert.equal(await storedOf(firm), undefined);
    await firm.pull();
    assert.equal(await storedOf(firm), 6);
    firm.hire('gus');
    await firm.house.hr.execute('rename table employees to gone');
    assert.equal(statusOf(await firm.pull()), 'failed');
    assert.equal(await storedOf(firm), 6);
    await firm.house.hr.execute('rename table gone to employees');
    firm.sql("delete from staff where account > 'bob'");
    const held = await firm.pull();
    assert.equal(statusOf(held), 'held');
    assert.equal(await storedOf(firm), 2);
    firm.lose();
    assert.equal(statusOf(await firm.pull()), 'held', 'what the guards held back, they hold back still');
    assert.equal((await firm.served()).length, 6);
  });

  test('loses its extract when it needs none any more, but not before a roster without it is good', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann', 'bob', 'cid', 'dan');
    await firm.pull();
    firm.settings = null;
    assert.equal(statusOf(await firm.pull()), 'held');
    assert.equal(await storedOf(firm), 4);
    firm.settings = {};
    assert.equal(statusOf(await firm.pull()), 'unchanged');
    assert.equal(await storedOf(firm), undefined, 'a required source that is read in every run needs none');
    firm.settings = { required: false };
    await firm.pull();
    firm.sql("delete from staff where account > 'ann'");
    await firm.pull();
    firm.settings = null;
    const { outcome } = await firm.pull();
    assert(outcome.status === 'held' && outcome.hold, 'nobody goes with a source before somebody has said so');
    assert.equal(await storedOf(firm), 1);
    const { signal } = new AbortController();
    const approval = await approve(await firm.line(), { hold: outcome.hold, reason: '', signal });
    assert(approval.status === 'approved' && approval.next.outcome.status === 'unchanged');
    assert.equal(await storedOf(firm), undefined);
    firm.settings = { required: false };
    firm.lose();
    assert.equal(excuses(await firm.pull())[0]?.code, 'source_left_out', 'nothing of it was served any more');
  });

  test('a query that was never used is not proved by the extract that stands in for it', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann', 'bob');
    await firm.pull();
    firm.settings = { required: false, people: { query: "select * from staff where account = 'ann'", ...PEOPLE } };
    firm.lose();
    assert.equal(statusOf(await firm.pull()), 'unchanged');
    firm.find();
    const { outcome } = await firm.pull();
    assert.deepEqual(outcome.status === 'held' && outcome.reasons.map(one => one.guard), ['config']);
  });

  test('a required source beside it that fails still fails the run', async () => {
    await using firm = await openFirm({ required: false });
    firm.hire('ann');
    await firm.pull();
    await firm.house.hr.execute('rename table employees to gone');
    const result = await firm.pull();
    assert.match(failures(result).join(), /^source hr .*employees/);
  });
});

suite('a source with a schedule of its own', () => {
  /** At two in the morning in Taipei, where the house is; in UTC that is 18:00. */
  const nightly = { schedule: '0 2 * * *' };

  test('is not even asked until its time comes round', async () => {
    await using firm = await openFirm(nightly);
    firm.hire('ann');
    assert.equal(paperOf(await firm.pull())?.state, 'read');
    firm.lose();
    later(firm, 15 * HOUR + 59 * 60_000);
    const waiting = await firm.pull();
    assert.equal(statusOf(waiting), 'unchanged');
    assert.deepEqual(paperOf(waiting), {
      source: 'paper',
      state: 'stored',
      rows: { people: 1, departments: 0, memberships: 0 },
      took: 0,
      of: new Date('2026-11-22T02:00:00Z'),
    });
    assert.deepEqual(excuses(waiting), []);
    later(firm, 60_000);
    assert.match(failures(await firm.pull()).join(), /^source paper there is no database at/, 'it is required');
    firm.find();
    firm.hire('bob');
    const due = await firm.pull();
    assert.deepEqual([paperOf(due)?.state, statusOf(due)], ['read', 'published']);
    firm.hire('cid');
    assert.equal(statusOf(await firm.pull()), 'unchanged');
    assert.deepEqual(await firm.served(), ['ann', 'bob']);
  });

  test('is read when the administrator asks, dry or not, and when its configuration is another one', async () => {
    await using firm = await openFirm(nightly);
    firm.hire('ann');
    await firm.pull();
    firm.hire('bob');
    assert.equal(paperOf(await firm.pull({ cause: 'sync' }))?.state, 'stored');
    const dry = await firm.pull({ cause: 'pull', dryRun: true });
    assert.deepEqual([paperOf(dry)?.state, statusOf(dry)], ['read', 'published']);
    assert.equal(paperOf(await firm.pull({ cause: 'start' }))?.state, 'stored', 'a dry run stores nothing');
    assert.equal(paperOf(await firm.pull({ cause: 'pull' }))?.state, 'read');
    firm.settings = { schedule: '0 3 * * *' };
    assert.equal(paperOf(await firm.pull())?.state, 'stored', 'when it is read says nothing about what it gave');
    firm.settings = { ...nightly, people: { query: 'select id, account, mail from staff', key: 'id', map: MAP } };
    assert.equal(paperOf(await firm.pull())?.state, 'read');
    assert.equal(paperOf(await firm.pull())?.state, 'stored');
  });

  test('is read again soon when its run failed', async () => {
    await using firm = await openFirm(nightly);
    firm.hire('ann');
    await firm.pull();
    later(firm, DAY);
    await firm.house.hr.execute('rename table employees to gone');
    assert.deepEqual([statusOf(await firm.pull()), await storedOf(firm)], ['failed', 1]);
    await firm.house.hr.execute('rename table gone to employees');
    later(firm, 60_000);
    assert.equal(paperOf(await firm.pull())?.state, 'read');
    later(firm, 60_000);
    assert.equal(paperOf(await firm.pull())?.state, 'stored');
  });

  test('and optional: its extract stands in between and while it fails', async () => {
    await using firm = await openFirm({ ...nightly, required: false });
    firm.hire('ann');
    await firm.pull();
    firm.lose();
    const waiting = await firm.pull();
    assert.deepEqual([paperOf(waiting)?.state, paperOf(waiting)?.failure], ['stored', undefined]);
    later(firm, DAY);
    const failing = await firm.pull();
    assert.deepEqual([statusOf(failing), paperOf(failing)?.state], ['unchanged', 'stored']);
    assert.match(paperOf(failing)?.failure?.why ?? '', MISSING);
    later(firm, 60_000);
    assert.match(paperOf(await firm.pull())?.failure?.why ?? '', MISSING, 'it is tried in every run until it is read');
  });

  test('is not read again for those who are missing elsewhere', async () => {
    await using firm = await openFirm(nightly);
    firm.hire('ann');
    await firm.pull();
    await firm.house.hr.execute('delete from employees where emp_id = 3');
    const reads = await followed(firm);
    assert.equal(statusOf(await firm.pull({ line: { sources: reads.sources } })), 'published');
    assert.deepEqual([reads.of('hr'), reads.of('paper')], [2, 0]);
  });

  test('is due when its time came round since, by the clock of its time zone', () => {
    const terms = { required: true, schedule: '30 2 * * *', fingerprint: 'f' };
    const at = new Date('2026-11-22T18:30:00.005Z');
    const head = { source: PAPER, at, fingerprint: 'f' };
    const due = (milliseconds: number, timezone = 'Asia/Taipei', stored = head) =>
      isDue(terms, stored, { cause: 'sync', at: new Date(at.getTime() + milliseconds), timezone });
    assert.equal(due(0), false, 'it was read at that very time');
    assert.equal(due(DAY - 6), false);
    assert.equal(due(DAY - 5), true);
    assert.equal(due(9 * DAY), true);
    assert.equal(due(2 * HOUR), false);
    assert.equal(due(8 * HOUR + 1, 'UTC'), true);
    assert.equal(due(-1), true, 'an extract of the future is one from before the clock was put back');
    assert.equal(due(0, 'UTC', { ...head, fingerprint: 'g' }), true);
    assert.equal(nextTick('0 0 30 2 *', 'UTC', at), undefined);
  });

  const MAP = { username: 'account', email: 'mail', gender: { const: 'male' } };
});

suite('those who are missing', () => {
  test('are looked for in every source that may have them, not only in the one of their key', async () => {
    await using firm = await openFirm({ match: 'email' });
    // Known by the key that they had in hr, and listed by paper alone.
    firm.sql("insert into staff values ('p-3', 'm.chen', 'm.chen@acme.example')");
    await firm.pull();
    await firm.house.hr.execute('delete from employees where emp_id = 3');
    await firm.pull();
    const names = async () => (await firm.house.served()).user_info_list.map(one => one['username']);
    assert.ok((await names()).includes('m.chen'));
    firm.sql('delete from staff');
    const reads = await followed(firm, number => {
      if (number === 1) firm.sql("insert into staff values ('p-3', 'm.chen', 'm.chen@acme.example')");
    });
    const result = await firm.pull({ line: { sources: reads.sources } });
    assert.equal(statusOf(result), 'failed');
    assert.equal(reads.of('paper'), 2);
    assert.ok((await names()).includes('m.chen'));
  });
});

/** What may happen in the property below. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('run' as const, 'run, lost after the first read' as const) },
  { weight: 1, arbitrary: fc.constantFrom('hire' as const, 'leave' as const) },
  { weight: 1, arbitrary: fc.constantFrom('lose' as const, 'find' as const) },
  { weight: 1, arbitrary: fc.constantFrom('hr fails' as const, 'hr is back' as const) },
);
type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

/** A firm to which things happen, in any order. */
class World {
  readonly #firm: Firm;
  #hired = 0;
  lost = false;
  hrFails = false;

  constructor(firm: Firm) {
    this.#firm = firm;
  }

  async happen(what: Happening): Promise<void> {
    if (what === 'hire')
      this.#change(`insert into staff values ('${++this.#hired}', 'p${this.#hired}', 'p${this.#hired}@paper.example')`);
    else if (what === 'leave') this.#change('delete from staff where id = (select max(id) from staff)');
    else if (what === 'lose' || what === 'find') this.#lose(what === 'lose');
    else if (what === 'hr fails' || what === 'hr is back') await this.#failHr(what === 'hr fails');
    else await this.#run(what);
  }

  #lose(lost: boolean): void {
    if (lost !== this.lost) this.#firm[lost ? 'lose' : 'find']();
    this.lost = lost;
  }

  /** Something changes there, whether or not it can be reached. */
  #change(statement: string): void {
    const { lost } = this;
    this.#lose(false);
    this.#firm.sql(statement);
    this.#lose(lost);
  }

  async #failHr(fails: boolean): Promise<void> {
    const [from, to] = fails ? ['employees', 'gone'] : ['gone', 'employees'];
    if (fails !== this.hrFails) await this.#firm.house.hr.execute(`rename table ${from} to ${to}`);
    this.hrFails = fails;
  }

  async #run(what: Happening): Promise<void> {
    later(this.#firm, DAY);
    const before = await this.#firm.served();
    const { lost } = this;
    const reads = await followed(this.#firm, number => this.#lose(this.lost || (what !== 'run' && number === 1)));
    const result = await this.#firm.pull({ line: { sources: reads.sources } });
    const unread = lost || reads.of('paper') > 1 ? this.lost : false;
    if (unread || this.hrFails) assert.deepEqual(await this.#firm.served(), before, what);
    assert.equal(statusOf(result) === 'failed', this.hrFails, what);
  }
}

test('however an optional source fails, it takes nobody away', async () => {
  const settings = fc.constantFrom({ required: false }, { required: false, schedule: '0 2 * * *' });
  const happenings = fc.array(happening, { minLength: 8, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(settings, happenings, async (config, all) => {
      await using firm = await openFirm(config, { guards: { source_rows: '100%', people_removed: '100%' } });
      firm.hire('ann', 'bob', 'cid');
      await firm.pull();
      const world = new World(firm);
      for (const one of all) await world.happen(one);
    }),
    { numRuns: 10 },
  );
});

suite('the daemon', () => {
  test('starts runs at the times of its sources, without a schedule for all', { timeout: 30_000 }, async () => {
    await using folder = await temporaryFolder();
    await using house = await openHouse();
    const source = { ...hrSource(house.hr.url), schedule: '* * * * * *' };
    const config = await writeConfig(folder.path, { ...hrSettings(folder.path, house.hr.url), sources: [source] });
    await using daemon = await startDaemon(config);
    await daemon.program.waitFor(/"run":1,.*run published a snapshot/);
    await daemon.program.waitFor(/"run":3,.*"state":"read".*run found nothing changed/);
  });

  test('makes another run for a source whose time comes round while one is under way', async () => {
    const clock = { now: new Date('2026-11-22T02:00:00Z') };
    const tick = new Date('2026-11-22T02:00:01Z');
    const causes: unknown[] = [];
    await using worker = new RunWorker({
      module: new URL('./mortal-worker.ts', import.meta.url),
      config: {} as Config,
      onRun: summary => causes.push(summary),
      onPruned: () => {},
      onFailure: () => {},
      now: () => clock.now,
    });
    const early = worker.run('pull');
    clock.now = new Date('2026-11-22T02:00:01.500Z');
    const [first, second] = await Promise.all([early, worker.runSince(tick, 'pull')]);
    assert.notEqual(first, second);
    const running = worker.run('pull');
    assert.equal(await worker.runSince(tick, 'pull'), await running, 'one that began since then is enough');
    assert.equal(causes.length, 3);
    const dying = worker.run('sync');
    clock.now = new Date('2026-11-22T02:00:03Z');
    const after = worker.runSince(new Date('2026-11-22T02:00:02Z'), 'pull');
    await assert.rejects(dying);
    assert.ok(await after, 'one that could not be made is no obstacle');
  });
});
