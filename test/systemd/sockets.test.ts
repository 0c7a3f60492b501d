import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { socketAddress } from '../../src/systemd/sockets.ts';
import { company } from '../support/company.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/port.ts';
import { startProgram } from '../support/program.ts';
import { LAUNCHER } from '../support/rosterd.ts';
import { without } from '../support/skips.ts';

const given = { LISTEN_PID: '77', LISTEN_FDS: '3', LISTEN_FDNAMES: 'rosterd.socket:monitor:' };
const at = (address: string, env: Record<string, string> = given) => socketAddress(address, env, 77);

suite('an address', () => {
  test('that says systemd is the first socket, or the one of that name', () => {
    assert.equal(at('systemd'), 'fd:3');
    assert.equal(at('systemd:rosterd.socket'), 'fd:3');
    assert.equal(at('systemd:monitor'), 'fd:4');
    assert.equal(at('systemd:unknown'), 'fd:5');
    assert.equal(at('systemd', { LISTEN_PID: '77', LISTEN_FDS: '1' }), 'fd:3');
  });

  test('that says anything else is that', () => {
    for (const address of ['127.0.0.1:8642', 'unix:/run/rosterd.sock', '[::]:1', 'systemd.example:80'])
      assert.equal(at(address, {}), address);
  });

  for (const [why, env] of [
    ['there is none in LISTEN_FDS', {}],
    ['there is none in LISTEN_FDS', { ...given, LISTEN_FDS: '0' }],
    ['there is none in LISTEN_FDS', { ...given, LISTEN_FDS: 'three' }],
    ['those in LISTEN_FDS are for process 76, and this is 77', { ...given, LISTEN_PID: '76' }],
  ] as const) {
    test(`that says systemd when ${why} (${JSON.stringify(env)}) is an error with a way out`, () => {
      const message = `systemd gave no socket: ${why}; enable rosterd.socket, or write an address`;
      assert.throws(() => at('systemd', env), { name: 'SocketError', message });
    });
  }

  test('that says a name which no socket has is an error that lists those there are', () => {
    const message =
      'systemd gave no socket: none of them is called "web"; there are: rosterd.socket, monitor, unknown; write FileDescriptorName=web into its unit, or write an address';
    assert.throws(() => at('systemd:web'), { message });
  });
});

const LISTENER = fileURLToPath(new URL('listener.ts', import.meta.url));

/** What a call is answered with: by port, or by the path of a Unix socket. */
function call(where: { port: number } | { socketPath: string }, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', ...where, path }, async incoming => {
      let text = '';
      for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
      resolve(text.trim());
    });
    outgoing.on('error', reject).end();
  });
}

// It does what systemd does for a socket unit, and starts the program at the first call, which waits until then.
suite('systemd-socket-activate', { skip: without('systemd-socket-activate'), concurrency: true }, () => {
  const activate = (args: readonly string[], what: readonly string[]) =>
    startProgram('systemd-socket-activate', [...args, '-E', 'PATH', '-E', 'HOME', ...what]);

  test('hands over a port, by its place or its name', async () => {
    const [one, two] = [await freePort(), await freePort()];
    const sockets = ['-l', `127.0.0.1:${one}`, '-l', `127.0.0.1:${two}`, '--fdname=web:monitor'];
    for (const [address, port] of [
      ['systemd', one],
      ['systemd:monitor', two],
    ] as const) {
      await using program = await activate(sockets, [process.execPath, LISTENER, address]);
      await program.waitFor(/Listening on .*\n.*Listening on .*\n/);
      assert.equal(await call({ port }, '/end'), `127.0.0.1:${port}`);
      assert.equal((await program.exited).code, 0, program.output);
    }
  });

  test('hands over a Unix socket, which stays when the program ends', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'socket');
    await using program = await activate(['-l', path], [process.execPath, LISTENER, 'systemd']);
    await program.waitFor(/Listening on /);
    assert.equal(await call({ socketPath: path }, '/end'), `unix:${path}`);
    assert.equal((await program.exited).code, 0, program.output);
    assert.ok(existsSync(path), 'the socket is still there');
  });

  test('starts the daemon, which answers the call that it was started for', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    const config = readFileSync(at.configFile, 'utf8').replace('server:', 'server:\n  listen: systemd');
    writeFileSync(at.configFile, config, { mode: 0o600 });
    const port = await freePort();
    await using program = await activate(['-l', `127.0.0.1:${port}`], [LAUNCHER, 'serve', '--config', at.configFile]);
    await program.waitFor(/Listening on /);
    assert.match(await call({ port }), /^\{"status":"fail"/);
    await program.waitFor(new RegExp(`"address":"127.0.0.1:${port}"`));
  });
});

test('a daemon that is to take the socket of systemd and gets none ends with 2, and says why', async () => {
  await using at = await company();
  const config = readFileSync(at.configFile, 'utf8').replace('server:', 'server:\n  listen: systemd');
  writeFileSync(at.configFile, config, { mode: 0o600 });
  await using program = await startProgram(LAUNCHER, ['serve', '--config', at.configFile], {
    env: { LISTEN_FDS: undefined },
  });
  const { code, stderr } = await program.exited;
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'rosterd: server.listen: systemd gave no socket: there is none in LISTEN_FDS; enable rosterd.socket, or write an address\n',
  );
});
