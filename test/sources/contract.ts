import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Source, SourceError } from '../../src/sources/source.ts';
import { type Everything, pull, readAll, until, whyNot } from './configured.ts';

/**
 * A system of the test's own to pull from. It has more people than go into one batch, and lists departments.
 */
export interface Fixture extends AsyncDisposable {
  readonly source: Source;
  /** All that is in it, in the order in which `source` gives it. */
  readonly holds: Pick<Everything, 'people' | 'departments' | 'memberships'>;
  /** The same system without anything in it, not even departments. */
  readonly empty: Source;
  /** The same system, asked with a wrong password or at a place where there is nothing. */
  readonly wrong: Source;
  /** What `wrong` must say. */
  readonly refusal: RegExp;
  /** Must not stand in any message. */
  readonly secret: string;
  /** How many connections or files of this system are open. */
  connections(): number | Promise<number>;
}

/** What holds for every kind of source. */
export function sourceContract(kind: string, open: () => Promise<Fixture>): void {
  suite(`the contract of a source: ${kind}`, () => {
    test('hands over everything, and the same twice', async () => {
      await using fixture = await open();
      const { people, departments, memberships, rows } = await readAll(fixture.source);
      assert.deepEqual({ people, departments, memberships }, fixture.holds);
      assert.equal(rows.people, people.length);
      assert.equal(rows.departments, departments?.length);
      assert.deepEqual(await readAll(fixture.source), await readAll(fixture.source));
      await closed(fixture);
    });

    test('gives its people last where it says so', async () => {
      await using fixture = await open();
      const kinds: string[] = [];
      for await (const { kind } of fixture.source.read(pull())) if (kind !== 'problems') kinds.push(kind);
      const first = kinds.indexOf('people');
      if (fixture.source.peopleLast) assert.deepEqual(new Set(kinds.slice(first)), new Set(['people']));
    });

    test('may be read twice at once', async () => {
      await using fixture = await open();
      const [one, other] = await Promise.all([readAll(fixture.source), readAll(fixture.source)]);
      assert.deepEqual(one, other);
      await closed(fixture);
    });

    test('says that there are departments even where there are none', async () => {
      await using fixture = await open();
      const { people, departments, memberships } = await readAll(fixture.empty);
      assert.deepEqual({ people, departments, memberships }, { people: [], departments: [], memberships: [] });
    });

    test('opens nothing before it is read', async () => {
      await using fixture = await open();
      const batches = fixture.source.read(pull())[Symbol.asyncIterator]();
      assert.equal(await fixture.connections(), 0);
      await batches.return?.();
    });

    test('closes everything when it is abandoned', async () => {
      await using fixture = await open();
      for await (const batch of fixture.source.read(pull())) {
        if (batch.kind !== 'people') continue;
        assert.equal(await fixture.connections(), 1);
        break;
      }
      await closed(fixture);
    });

    test('stops at once when it is aborted', async () => {
      await using fixture = await open();
      const run = new AbortController();
      let aborted = 0;
      const reading = (async () => {
        for await (const batch of fixture.source.read(pull(run.signal))) {
          assert.equal(aborted, 0, `a batch of ${batch.kind} came after the abort`);
          if (batch.kind !== 'people') continue;
          run.abort();
          aborted = performance.now();
        }
      })();
      await assert.rejects(reading, error => error instanceof SourceError && /broken off/.test(error.message));
      assert.ok(performance.now() - aborted < 500);
      await closed(fixture);
    });

    test('gives nothing when it was aborted before', async () => {
      await using fixture = await open();
      assert.match(await whyNot(fixture.source, pull(AbortSignal.abort())), /broken off/);
      assert.match(await whyNot(fixture.empty, pull(AbortSignal.abort())), /broken off/);
      await closed(fixture);
    });

    test('says when it is not let in, and does not tell the password', async () => {
      await using fixture = await open();
      const why = await whyNot(fixture.wrong);
      assert.match(why, fixture.refusal);
      assert.ok(!why.includes(fixture.secret), why);
      await closed(fixture);
    });
  });
}

const closed = (fixture: Fixture) => until('everything is closed', async () => (await fixture.connections()) === 0);
