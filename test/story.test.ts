import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hashPassword } from '../src/logins/sql/hashes.ts';
import { command } from './support/command.ts';
import { startFaultProxy } from './support/fault-proxy.ts';
import { temporaryFolder } from './support/folder.ts';
import { type HrDatabase, hrDatabase, hrSettings } from './support/hr.ts';
import { type Daemon, rosterd, startDaemon, writeConfig } from './support/rosterd.ts';

interface Story extends AsyncDisposable {
  readonly hr: HrDatabase;
  readonly daemon: Daemon;
  readonly config: string;
  rosterd(...args: string[]): Promise<string>;
}

/** The daemon on a MariaDB HR schema; `through` may put something between the two. */
async function openStory(more: Record<string, unknown> = {}, through = (url: string) => url): Promise<Story> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const hr = stack.use(await hrDatabase());
  const settings = { ...hrSettings(folder.path, hr.url), ...more };
  const config = await writeConfig(folder.path, {
    ...settings,
    sources: settings.sources.map(source => ({ ...source, url: through(source.url) })),
  });
  const daemon = stack.use(await startDaemon(config));
  const owned = stack.move();
  return {
    hr,
    daemon,
    config,
    async rosterd(...args) {
      const { stdout, stderr } = await command([...args, '--config', config]);
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

// Each has a daemon of its own.
suite('the whole', { concurrency: 2 }, () => {
  test('three versions of a company: what OMFLOW gets, what the administrator sees, and who may log in', async () => {
    await using story = await openStory();
    const { hr, daemon } = story;
    await hr.execute('update employees set password_hash = ?', [await hashPassword('correct horse')]);

    const first = await daemon.sync();
    assert.equal(first.body.status, 'success');
    assert.equal(first.snapshot, '1');
    assert.equal(first.body.user_info_list.length, 6);

    await hr.execute(`
    insert into employees values (8, 'h.tanaka', 'h.tanaka@acme.example', '田中 花', 'F', 'SALES', '', null, null);
    update employees set mail = 'j.wu@new.example', tel = '02-5550-0199' where emp_id = 2;
    delete from employees where emp_id = 6`);
    const second = await daemon.sync();
    assert.equal(second.snapshot, '2');
    const byName = new Map(second.body.user_info_list.map(person => [person['username'], person]));
    assert.equal(byName.get('h.tanaka')?.['nick_name'], '田中 花');
    assert.equal(byName.get('j.wu')?.['email'], 'j.wu@new.example');
    assert.equal(byName.has('k.sato'), false);

    await hr.execute(
      `
    update departments set parent = 'SALES' where code = 'RD-2';
    update employees set account = 'a.lin-chen', password_hash = ? where emp_id = 1`,
      [await hashPassword('new name')],
    );
    const third = await daemon.sync();
    assert.equal(third.snapshot, '3');
    assert.ok(third.body.user_info_list.some(person => person['username'] === 'a.lin'));
    assert.equal(third.body.group_info_list.find(group => group.group_no === 'RD-2')?.parent_group_no, 'SALES');

    assert.deepEqual((await daemon.authenticate('a.lin', 'new name')).body, { status: 'success' });
    assert.equal((await daemon.authenticate('a.lin-chen', 'new name')).body.status, 'fail');
    assert.equal(
      (await daemon.authenticate('k.sato', 'correct horse')).body.message,
      'account or password is incorrect',
    );

    const one = await story.rosterd('diff', '1', '2');
    assert.match(one, /\+ h\.tanaka\s+田中 花 <h\.tanaka@acme\.example>\s+\(hr\)/);
    assert.match(one, /~ j\.wu\s+email\s+j\.wu@acme\.example → j\.wu@new\.example\s+\(hr\)/);
    assert.match(one, /- k\.sato\s+佐藤 健 <k\.sato@acme\.example>\s+missing \(hr\)/);
    const two = await story.rosterd('diff');
    assert.match(two, /R a\.lin\s+login\s+a\.lin → a\.lin-chen\s+\(hr\)/);
    assert.match(two, /~ RD-2\s+parent_group_no\s+RD → SALES\s+\(hr\)/);
    const whole = await story.rosterd('diff', '1', '3');
    for (const mark of ['+ h.tanaka', '~ j.wu', '- k.sato', 'R a.lin', '~ RD-2'])
      assert.ok(whole.includes(mark), whole);
    const back = await story.rosterd('diff', '3', '1');
    for (const mark of ['- h.tanaka', '+ k.sato']) assert.ok(back.includes(mark), back);

    const deliveries = (await story.rosterd('log', '--deliveries', '--json'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.deepEqual(
      deliveries.map(({ snapshot, client, finished }) => [snapshot, client, finished]),
      [
        [3, 'omflow', true],
        [2, 'omflow', true],
        [1, 'omflow', true],
      ],
    );
  });

  test('while the source is down /sync gives the last good snapshot, and status says why', async () => {
    await using hr = await hrDatabase();
    const { hostname, port } = new URL(hr.url);
    await using proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    await using story = await openStory({ sources: hrSettings('', proxy.through(hr.url)).sources });
    assert.equal((await story.daemon.sync()).snapshot, '1');
    proxy.refuse();
    const answer = await story.daemon.sync();
    assert.equal(answer.body.status, 'success');
    assert.equal(answer.snapshot, '1');
    assert.match(await story.rosterd('status'), /hr.*cannot be read/s);
  });

  test('an emptied table publishes nothing, and both OMFLOW and the administrator are told why', async () => {
    await using story = await openStory();
    await story.daemon.sync();
    await story.hr.execute('delete from employees');
    const { status, body } = await story.daemon.sync();
    assert.equal(status, 200);
    assert.equal(body.status, 'fail');
    assert.match(body.message ?? '', /Hold 1 .*source hr gives no people any more; its last good read gave 7 rows/);
    assert.match(await story.rosterd('status'), /source hr gives no people any more/);
    assert.match(await story.rosterd('pull'), /nothing was published/);
  });

  test('the daemon, /sync and "rosterd pull" at once make runs one after the other, and all get an outcome', async () => {
    await using story = await openStory();
    await story.daemon.sync();
    const outcomes = await Promise.all([
      story.daemon.sync(),
      rosterd('pull', '--json', '--config', story.config),
      story.daemon.sync(),
      rosterd('pull', '--config', story.config),
    ]);
    assert.equal(outcomes[0].snapshot, '1');
    assert.equal(outcomes[2].snapshot, '1');
    const runs = (await story.rosterd('log', '--runs', '--json'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.ok(
      runs.every(run => run.status === 'published' || run.status === 'unchanged'),
      JSON.stringify(runs),
    );
  });

  test('a second daemon on the same store says so and ends', async () => {
    await using story = await openStory();
    const { code, stderr } = await rosterd('serve', '--config', story.config);
    assert.equal(code, 4);
    assert.match(
      stderr,
      /another rosterd serves the store .*roster\.db already; stop it, or give this one a store of its own/,
    );
  });

  test('SIGTERM ends the daemon with 0, and what it started', async () => {
    await using story = await openStory();
    await story.daemon.sync();
    story.daemon.program.kill('SIGTERM');
    const { code, signal } = await story.daemon.program.exited;
    assert.deepEqual([code, signal], [0, null]);
  });
});
