import assert from 'node:assert/strict';
import { appendFile, mkdir, open, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import type { Clock } from '../../src/sources/clock.ts';
import type { Source } from '../../src/sources/source.ts';
import { pull, readAll, whyNot } from './configured.ts';
import { csv, temporaryFile, whyNotOf } from './csv-files.ts';

const map = { username: 'account' };

const RENAME = 'write it under another name, and rename it when it is complete';

suite('a file that changed a moment ago', () => {
  const START = 'account\nann\n';

  /** A file that was last written `age` milliseconds before now, and what a source says that waits for it as `during` says. */
  async function young(age: number, during: (path: string, signal: AbortSignal) => Promise<unknown>) {
    const people = await temporaryFile(START);
    const now = Date.now() + 60_000;
    await utimes(people.path, new Date(now), new Date(now - age));
    const waits: number[] = [];
    const clock: Clock = {
      now: () => now,
      wait: async (milliseconds, signal) => {
        waits.push(milliseconds);
        await during(people.path, signal);
      },
      random: () => 0,
    };
    const read = (more = {}) => csv({ people: { file: people.path, map }, ...more }, clock);
    return { ...people, waits, read };
  }

  test('is read when it stays as it is', async () => {
    await using people = await young(1000, async () => {});
    const both = { departments: { file: people.path, map: { group_no: 'account' } } };
    assert.equal((await readAll(people.read(both))).people.length, 1);
    assert.deepEqual(people.waits, [2000]);
  });

  test('is read when its clock goes ahead of ours', async () => {
    await using people = await young(-3_600_000, async () => {});
    assert.equal((await readAll(people.read())).people.length, 1);
    assert.deepEqual(people.waits, [2000]);
  });

  test('is that for as long as the configuration says', async () => {
    await using settled = await young(2000, async () => assert.fail('it waited'));
    assert.equal((await readAll(settled.read())).people.length, 1);
    await using other = await young(59_000, async () => {});
    await readAll(other.read({ settled: '1m' }));
    assert.deepEqual(other.waits, [60_000]);
  });

  test('is still being written', async () => {
    const said = async (during: (path: string) => Promise<unknown>) => {
      await using people = await young(0, during);
      return await whyNotOf(people.read(), people);
    };
    const grew = `is still being written: it grew from 12 to 15 bytes; ${RENAME}`;
    assert.equal(await said(path => appendFile(path, 'bo\n')), grew);
    const shrank = `is still being written: it shrank from 12 to 8 bytes; ${RENAME}`;
    assert.equal(await said(path => truncate(path, 8)), shrank);
    const changed = `is still being written: it was changed or replaced; ${RENAME}`;
    assert.equal(await said(path => utimes(path, 1, 1)), changed);
    assert.equal(await said(replace), changed);
    assert.match(await said(path => rm(path)), /^there is no such file;/);
  });

  /** Another file of the same size and time. */
  async function replace(path: string) {
    const { atime, mtime } = await stat(path);
    await writeFile(`${path}.new`, START);
    await utimes(`${path}.new`, atime, mtime);
    await rename(`${path}.new`, path);
  }

  test('need not be waited for once nobody wants it any more', async () => {
    const run = new AbortController();
    await using people = await young(0, async (_, signal) => {
      run.abort();
      signal.throwIfAborted();
    });
    assert.match(await whyNot(people.read(), pull(run.signal)), /^the reading was broken off$/);
  });
});

suite('a file that changes while it is read', () => {
  const changed = `changed while it was read; it is still being written, or was replaced: ${RENAME}`;
  const HEADER = 'account,name\n';
  const ROW = `ann,"Lin, ${'Ann '.repeat(25)}"\n`;
  const ROWS = 8000;
  const text = HEADER + ROW.repeat(ROWS);

  /** What a source says whose file is disturbed after the first people came. */
  async function disturbed(fault: (path: string) => Promise<unknown>, block: Readonly<Record<string, unknown>> = {}) {
    await using people = await temporaryFile(text);
    let count = 0;
    const source = csv({ people: { file: people.path, map, ...block } });
    const after = afterFirst(
      source,
      () => fault(people.path),
      rows => {
        count += rows;
      },
    );
    assert.equal(await whyNotOf(after, people), changed);
    assert.ok(count > 0 && count <= ROWS, `${count} people came`);
  }

  test('grows', () => disturbed(path => appendFile(path, 'bo,Bo\n')));

  test('shrinks, in the middle of a row too', async () => {
    const rows = HEADER.length + ROW.length * (ROWS - 1000);
    for (const more of [0, 2, 5]) await disturbed(path => truncate(path, rows + more));
  });

  test('gets other rows of the same size', () =>
    disturbed(async path => {
      await using handle = await open(path, 'r+');
      await handle.write('eve', text.length - ROW.length);
    }));

  test('gets rows that cannot be read', () =>
    disturbed(async path => {
      await using handle = await open(path, 'r+');
      await handle.write('ev"', text.length - ROW.length);
    }));

  test('is replaced by another of the same size and time', () =>
    disturbed(async path => {
      const { atime, mtime } = await stat(path);
      await writeFile(`${path}.new`, text);
      await utimes(`${path}.new`, atime, mtime);
      await rename(`${path}.new`, path);
    }));

  test('is removed, or makes way for a folder', async () => {
    await disturbed(path => rm(path));
    await disturbed(async path => {
      await rm(path);
      await mkdir(path);
    });
  });

  test('was read to its end already', async () => {
    await using units = await temporaryFile('code\nRD\n');
    await using people = await temporaryFile(text);
    const departments = { file: units.path, map: { group_no: 'code' } };
    const source = csv({ departments, people: { file: people.path, map } });
    let count = 0;
    const after = afterFirst(
      source,
      () => appendFile(units.path, 'HR\n'),
      rows => {
        count += rows;
      },
    );
    assert.equal(await whyNotOf(after, units), changed);
    assert.equal(count, ROWS);
  });

  test('was another one in between', async () => {
    await using units = await temporaryFile('code\nRD\n');
    await using people = await temporaryFile('account\nann\n');
    const departments = { file: units.path, map: { group_no: 'code' } };
    const put = (name: string) => rename(`${people.path}${name}`, people.path);
    await writeFile(`${people.path}.other`, 'account\neve\n');
    const reading = (async () => {
      for await (const batch of csv({ departments, people: { file: people.path, map } }).read(pull())) {
        if (batch.kind === 'departments') await rename(people.path, `${people.path}.first`).then(() => put('.other'));
        if (batch.kind === 'people') await put('.first');
      }
    })();
    await assert.rejects(reading, { message: `source hr: ${people.path}: ${changed}` });
  });
});

/** The same source, where something happens after its first people came. */
function afterFirst(source: Source, fault: () => Promise<unknown>, count: (rows: number) => void): Source {
  let came = false;
  return {
    name: source.name,
    async *read(of) {
      for await (const batch of source.read(of)) {
        if (batch.kind === 'people') {
          if (!came) await fault();
          came = true;
          count(batch.rows);
        }
        yield batch;
      }
    },
  };
}
