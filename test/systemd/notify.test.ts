import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Supervisor, supervisor } from '../../src/systemd/notify.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type NotifySocket, notifySocket } from '../support/notify-socket.ts';
import { startProgram } from '../support/program.ts';
import { without } from '../support/skips.ts';

const SERVICE = fileURLToPath(new URL('service.ts', import.meta.url));
const PATH = process.env['PATH'];
const FED = 'WATCHDOG=1';

/** One that must be able to say everything. */
function sound(env: Record<string, string>, pid = process.pid): Supervisor {
  return supervisor({ PATH, ...env }, { pid, failed: error => assert.fail(error) });
}

const fedIn = (heard: NotifySocket['heard']) => heard.filter(message => message.includes(FED)).length;

/** Keeps this process going while nothing but a timer that may not do so is to come. */
function keepGoing(): Disposable {
  const timer = setInterval(() => {}, 60_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

suite('what systemd is told', { skip: without('systemd-notify', 'perl'), concurrency: true }, () => {
  test('ready, reloading, ready, a status and stopping, in this order', async () => {
    await using socket = await notifySocket();
    await using systemd = sound({ NOTIFY_SOCKET: socket.path });
    const before = process.hrtime.bigint() / 1000n;
    await systemd.ready('serves on 127.0.0.1:8642');
    await systemd.reloading();
    // Not waited for: what is said later is heard later all the same.
    void systemd.ready('serves\non');
    void systemd.status('is well = fine');
    await systemd.stopping('finishes the calls under way');
    const [ready, [reloading, time] = [], ...others] = await socket.hear('STOPPING=1');
    assert.deepEqual(ready, ['READY=1', 'STATUS=serves on 127.0.0.1:8642']);
    assert.equal(reloading, 'RELOADING=1');
    const moment = BigInt(time?.replace('MONOTONIC_USEC=', '') ?? 0);
    assert.ok(moment >= before && moment <= process.hrtime.bigint() / 1000n, `${time}, in microseconds`);
    assert.deepEqual(others, [
      ['READY=1', 'STATUS=serves on'],
      ['STATUS=is well = fine'],
      ['STOPPING=1', 'STATUS=finishes the calls under way'],
    ]);
  });

  test('is nothing where nobody listens', async () => {
    await using systemd = supervisor({ PATH: '', WATCHDOG_USEC: '2000' }, { pid: 1, failed: assert.fail });
    await systemd.ready('x');
    await systemd.reloading();
    await systemd.status('x');
    await systemd.stopping('x');
  });

  test('gives it none of our environment', async () => {
    await using folder = await temporaryFolder();
    program(folder.path, `env >${folder.path}/env`);
    await using systemd = sound({ PATH: `${folder.path}:${PATH}`, NOTIFY_SOCKET: 'x', HR_PASSWORD: 's3cret' });
    await systemd.ready('x');
    assert.doesNotMatch(readFileSync(join(folder.path, 'env'), 'utf8'), /s3cret/);
  });
});

suite('the watchdog', { skip: without('systemd-notify', 'perl'), concurrency: true }, () => {
  test('is fed at half of its time from ready on, until the end', async () => {
    await using socket = await notifySocket();
    using _ = keepGoing();
    {
      await using systemd = sound({
        NOTIFY_SOCKET: socket.path,
        WATCHDOG_USEC: '1000000',
        WATCHDOG_PID: `${process.pid}`,
      });
      await systemd.status('starts');
      const began = performance.now();
      await systemd.ready('x');
      await systemd.ready('once more, after a reload');
      await socket.hear(FED, 3);
      const took = performance.now() - began;
      assert.ok(took >= 1490 && took < 2900, `three times in ${took} ms`);
    }
    const heard = socket.heard;
    assert.equal(
      heard.findIndex(message => message.includes(FED)),
      3,
      'nobody was fed before all was told',
    );
    // Had it gone on, two would have been heard from both in half the time.
    await using other = sound({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' });
    await other.ready('other');
    const began = performance.now();
    await socket.hear(FED, fedIn(heard) + 2);
    assert.ok(performance.now() - began >= 900);
  });

  test('of another process, or of none, is left alone', async () => {
    await using socket = await notifySocket();
    using _ = keepGoing();
    await using other = sound({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' });
    await using none = sound({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '0' });
    await using mine = sound({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '600000' });
    await other.ready('other');
    await none.ready('none');
    await mine.ready('mine');
    // By then the others would have been fed many times.
    assert.equal(fedIn(await socket.hear(FED)), 1);
  });

  test('is not fed while the loop stands still, and is again afterwards', async () => {
    await using socket = await notifySocket();
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '200000', WATCHDOG_PID: undefined };
    await using service = await startProgram(process.execPath, [SERVICE], { env, input: 'block 2000\n' });
    const heard = await socket.hear('STATUS=goes on');
    const still = heard.findIndex(([line]) => line === 'STATUS=stands still');
    // One may have been on its way.
    assert.ok(fedIn(heard.slice(still)) <= 1, JSON.stringify(heard));
    assert.equal((await service.exited).code, 0, service.output);
    assert.equal(service.output, '');
  });
});

/** Puts a `systemd-notify` of its own into a folder. */
function program(folder: string, text: string): void {
  const file = join(folder, 'systemd-notify');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

suite('systemd that cannot be told', { concurrency: true }, () => {
  /** What `failed` hears while something is said, with a `systemd-notify` as that or none at all. */
  async function failures(text: string | undefined, say: (systemd: Supervisor) => Promise<unknown>): Promise<string[]> {
    await using folder = await temporaryFolder();
    if (text !== undefined) program(folder.path, text);
    const heard: string[] = [];
    const path = text === undefined ? folder.path : `${folder.path}:${PATH}`;
    const env = { PATH: path, NOTIFY_SOCKET: join(folder.path, 'none'), WATCHDOG_USEC: '400000' };
    await using systemd = supervisor(env, { pid: process.pid, failed: error => heard.push(error.message) });
    await say(systemd);
    return heard;
  }

  test('for want of the program is a failure, told once', async () => {
    const heard = await failures(undefined, async systemd => {
      await systemd.ready('x');
      await systemd.stopping('x');
    });
    assert.deepEqual(heard, [
      'there is no program systemd-notify on the PATH; install it, or take Type=notify and WatchdogSec= out of the unit',
    ]);
  });

  test('because nobody listens any more is a failure, in its words', { skip: without('systemd-notify') }, async () => {
    const [heard, ...more] = await failures('PATH=${PATH#*:} exec systemd-notify "$@"', systemd => systemd.ready('x'));
    assert.match(heard ?? '', /^systemd-notify failed: Failed to notify init system: No such file or directory$/);
    assert.deepEqual(more, []);
  });

  test('for another reason is told again', async () => {
    const heard = await failures('echo "no $1" >&2; exit 1', async systemd => {
      await systemd.status('1');
      await systemd.status('1');
      await systemd.status('2');
    });
    assert.deepEqual(heard, ['systemd-notify failed: no STATUS=1', 'systemd-notify failed: no STATUS=2']);
  });

  test('because the program hangs is a failure, and it is ended', async () => {
    await using folder = await temporaryFolder();
    program(folder.path, 'case $1 in WATCHDOG=1) exec sleep 60 ;; esac');
    using _ = keepGoing();
    const env = { PATH: `${folder.path}:${PATH}`, NOTIFY_SOCKET: 'x', WATCHDOG_USEC: '400000' };
    const { promise, resolve } = Promise.withResolvers<Error>();
    await using systemd = supervisor(env, { pid: process.pid, failed: resolve });
    await systemd.ready('x');
    assert.equal((await promise).message, 'systemd-notify did not end within 0.2 s');
  });
});
