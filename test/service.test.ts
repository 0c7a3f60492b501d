import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { makeCertificates } from './support/certificates.ts';
import { type Company, company } from './support/company.ts';
import { notifySocket } from './support/notify-socket.ts';
import { type Program, startProgram } from './support/program.ts';
import { LAUNCHER } from './support/rosterd.ts';

/** The daemon as systemd and its administrator have it: signals, certificates, and what changes while it serves. */

const FIRST = 'the first token';
const SECOND = 'the second token';
const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;

interface Terms {
  readonly tokens: readonly string[];
  readonly language?: string;
  readonly more?: string;
}

/** Writes the configuration of a company's daemon anew. */
function configure({ configFile }: Company, written: string, { tokens, language = 'en', more = '' }: Terms): void {
  const clients = tokens.map(
    token => `    - { name: omflow, scopes: [sync, authenticate], token_hash: "${hashOf(token)}" }`,
  );
  const server = [
    'server:',
    '  listen: 127.0.0.1:0',
    '  tls: { cert: shown.pem, key: shown.key }',
    '  clients:',
    ...clients,
  ];
  const [before = '', after = ''] = written.split(/^server:\n {2}clients:\n.*\n/m);
  writeFileSync(configFile, `language: ${language}\n${more}${before}${server.join('\n')}\n${after}`, { mode: 0o600 });
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  /** Of the certificate that was shown; absent where an earlier connection is taken up again. */
  readonly fingerprint: string | undefined;
}

/** One call over HTTPS; rejects when it ends in anything but an answer. */
async function call(port: number, agent: Agent, token: string, path = '/sync'): Promise<Answer> {
  const headers = { authorization: `Basic ${btoa(`omflow:${token}`)}`, 'content-length': 0 };
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent });
  outgoing.end();
  const [incoming] = await once(outgoing, 'response');
  const { fingerprint256 } = (incoming.socket as TLSSocket).getPeerCertificate();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return { status: incoming.statusCode, text: Buffer.concat(chunks).toString(), fingerprint: fingerprint256 };
}

interface Served extends AsyncDisposable {
  readonly at: Company;
  readonly program: Program;
  readonly port: number;
  /** Connections that stay open; they trust whatever certificate the daemon is given in a test. */
  connections(): Agent;
  configure(terms: Terms): void;
  /** Puts one of two pairs where the daemon has its own. */
  show(pair: 'one' | 'other'): void;
  /** Lets the daemon read its configuration again, and waits until it says so. */
  reload(): Promise<string>;
}

const RELOADED = /"msg":"the configuration was (?:read again|not taken; the one before goes on)"/;

/** A daemon that serves two people over HTTPS. */
async function served(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const closing = stack.use(new DisposableStack());
  const at = stack.use(await company());
  at.hire({ account: 'a.lin' }, { account: 'j.wu' });
  const written = readFileSync(at.configFile, 'utf8');
  const pairs = new Map(
    await Promise.all(
      ['one', 'other'].map(async name => {
        const folder = join(at.folder, name);
        mkdirSync(folder);
        return [name, await makeCertificates(folder)] as const;
      }),
    ),
  );
  const ca = [...pairs.values()].map(({ caFile }) => readFileSync(caFile));
  const connections = () => {
    const agent = new Agent({ ca, keepAlive: true, maxSockets: 8 });
    closing.defer(() => agent.destroy());
    return agent;
  };
  const show = (name: 'one' | 'other') => {
    copyFileSync(pairs.get(name)?.certFile ?? '', join(at.folder, 'shown.pem'));
    copyFileSync(pairs.get(name)?.keyFile ?? '', join(at.folder, 'shown.key'));
  };
  show('one');
  configure(at, written, { tokens: [FIRST] });
  const program = stack.use(await startProgram(LAUNCHER, ['serve', '--config', at.configFile]));
  const [, port] = await program.waitFor(/"address":"127\.0\.0\.1:(\d+)"/, 30_000);
  await program.waitFor(/"msg":"run published/, 30_000);
  const owned = stack.move();
  return {
    at,
    program,
    port: Number(port),
    connections,
    show,
    configure: terms => configure(at, written, terms),
    async reload() {
      const from = program.output.length;
      program.kill('SIGHUP');
      const [said] = await program.waitFor(RELOADED, 20_000, from);
      return said;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What lets a program's main thread do something when it gets SIGUSR2. */
const onSignal = (work: string) => {
  const hook = `import{isMainThread as m}from'node:worker_threads';m&&process.on('SIGUSR2',()=>{${work}})`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
};

suite('while the daemon serves', () => {
  test('1,000 calls, and a new certificate, another configuration and another token in the middle: none fails', async () => {
    await using house = await served();
    const { port } = house;
    let agent = house.connections();
    const fingerprints = new Set<string>();
    let token = FIRST;
    let asked = 0;
    /** What happens before the call of that number; the calls of the others go on meanwhile. */
    const events = new Map<number, () => Promise<unknown>>([
      [
        250,
        async () => {
          house.show('other');
          await house.reload();
          agent = house.connections();
        },
      ],
      [
        500,
        async () => {
          house.configure({ tokens: [FIRST], language: 'ja', more: 'schedule: "0 3 * * *"\n' });
          await house.reload();
        },
      ],
      [
        700,
        async () => {
          house.configure({ tokens: [FIRST, SECOND], language: 'ja' });
          await house.reload();
          token = SECOND;
        },
      ],
      [
        850,
        async () => {
          house.configure({ tokens: [SECOND], language: 'ja' });
          await house.reload();
        },
      ],
    ]);
    let last = Promise.resolve<unknown>(undefined);
    const caller = async () => {
      while (asked < 1000) {
        asked += 1;
        const event = events.get(asked);
        if (event) last = last.then(event);
        // The last of them comes before the last calls, however quick those before it were answered.
        if (event || asked > 990) await last;
        const answer = await call(port, agent, token);
        assert.equal(answer.status, 200);
        assert.match(answer.text, /^\{"status":"success","user_info_list":\[\{"username":"a.lin"/);
        if (answer.fingerprint !== undefined) fingerprints.add(answer.fingerprint);
      }
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    assert.equal(asked, 1000);
    assert.equal(fingerprints.size, 2, 'both certificates were seen');
    assert.equal((await call(port, agent, FIRST)).status, 401, 'the token of before counts no more');
    assert.match((await call(port, agent, SECOND, '/authenticate')).text, /[ぁ-ん]/, 'the language is the new one');
  });

  test('a configuration that is wrong is refused with all its problems, and the one before goes on', async () => {
    await using house = await served();
    house.configure({ tokens: [SECOND], language: 'klingon', more: 'schedule: "every day"\n' });
    assert.match(await house.reload(), /not taken; the one before goes on/);
    assert.match(house.program.output, /"why":"language: .*","msg":"a problem of the configuration"/);
    assert.match(house.program.output, /"why":"schedule: .*","msg":"a problem of the configuration"/);
    assert.equal((await call(house.port, house.connections(), FIRST)).status, 200);
    assert.equal((await call(house.port, house.connections(), SECOND)).status, 401);
  });

  test('what needs a restart is named, and the rest counts', async () => {
    await using house = await served();
    house.configure({ tokens: [SECOND] });
    const config = readFileSync(house.at.configFile, 'utf8')
      .replace('listen: 127.0.0.1:0', 'listen: 127.0.0.1:1')
      .replace('store: sqlite:roster.db', 'store: sqlite:other.db');
    writeFileSync(house.at.configFile, config, { mode: 0o600 });
    assert.match(await house.reload(), /was read again/);
    for (const setting of ['store', 'server.listen']) {
      const said = `"setting":"${setting}","msg":"was changed, and stays as it was until a restart"`;
      assert.ok(house.program.output.includes(said), said);
    }
    assert.equal((await call(house.port, house.connections(), SECOND)).status, 200);
  });

  test('a source that is added is read by the next run', async () => {
    await using house = await served();
    house.configure({ tokens: [FIRST], more: 'sync: { fresh_for: 0s }\n' });
    const config = readFileSync(house.at.configFile, 'utf8').replace(
      'username: account',
      'username: { from: account, transform: upper }',
    );
    writeFileSync(house.at.configFile, config, { mode: 0o600 });
    await house.reload();
    await call(house.port, house.connections(), FIRST);
    await house.program.waitFor(/"msg":"run (is held|published)[\s\S]*"msg":"run (is held|published)/, 20_000);
  });
});

suite('what systemd is told', () => {
  /** A daemon on plain HTTP under a socket such as systemd's, whose loop stands still for 3 s when it gets SIGUSR2. */
  async function supervised() {
    await using stack = new AsyncDisposableStack();
    const at = stack.use(await company());
    at.hire({ account: 'a.lin' });
    const config = readFileSync(at.configFile, 'utf8').replace('server:', 'server:\n  listen: 127.0.0.1:0');
    writeFileSync(at.configFile, config, { mode: 0o600 });
    const socket = stack.use(await notifySocket());
    const standStill = onSignal(
      'console.log("still"),Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,3000),console.log("moving")',
    );
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000', ...standStill };
    const program = stack.use(await startProgram(LAUNCHER, ['serve', '--config', at.configFile], { env }));
    const owned = stack.move();
    return { at, socket, program, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  test('READY when it can answer, WATCHDOG at half the interval, RELOADING, STOPPING', async () => {
    await using house = await supervised();
    const { socket, program } = house;
    await socket.hear('READY=1');
    const [, address = ''] = /"address":"([^"]+)"/.exec(program.output) ?? [];
    assert.equal((await fetch(`http://${address}/sync`, { method: 'POST' })).status, 401, 'not that it is starting');
    const [ready] = socket.heard;
    assert.deepEqual(ready, ['READY=1', `STATUS=serves on ${address}`]);
    const before = performance.now();
    await socket.hear('WATCHDOG=1', 4);
    const took = performance.now() - before;
    assert.ok(took > 3 * 400, `four came within ${took} ms of the first answer: more often than every 500 ms`);
    program.kill('SIGHUP');
    await socket.hear(/RELOADING=1/);
    await socket.hear('READY=1', 2);
    program.kill('SIGTERM');
    const { code } = await program.exited;
    assert.equal(code, 0);
    assert.deepEqual(socket.heard.findLast(([first]) => first !== 'WATCHDOG=1')?.[0], 'STOPPING=1');
  });

  test('nothing while its loop stands still', async () => {
    await using house = await supervised();
    const { socket, program } = house;
    await socket.hear('WATCHDOG=1', 2);
    const fed = () => socket.heard.filter(([first]) => first === 'WATCHDOG=1').length;
    program.kill('SIGUSR2');
    await program.waitFor(/^still$/m);
    const before = fed();
    await program.waitFor(/^moving$/m);
    // One may have been on its way when the loop stopped; six would have been due.
    assert.ok(fed() - before <= 1, `fed ${fed() - before} times`);
    await socket.hear('WATCHDOG=1', fed() + 2);
  });
});

suite('the end', () => {
  test('SIGTERM ends it with 0', async () => {
    await using house = await served();
    house.program.kill('SIGTERM');
    const { code, stdout } = await house.program.exited;
    assert.equal(code, 0);
    assert.match(stdout, /"signal":"SIGTERM","msg":"stopping"[\s\S]*"msg":"stopped"\}\n$/);
  });

  test('SIGTERM in the middle of a reload ends it all the same, and nothing starts any more', async () => {
    await using house = await served();
    house.configure({ tokens: [FIRST], more: 'schedule: "* * * * * *"\n' });
    house.program.kill('SIGHUP');
    house.program.kill('SIGTERM');
    const began = performance.now();
    const { code, stdout } = await house.program.exited;
    assert.equal(code, 0);
    assert.ok(performance.now() - began < 20_000, 'it was not ended by force');
    const after = stdout.slice(stdout.indexOf('"msg":"stopping"'));
    assert.doesNotMatch(after, /by force|read again|"msg":"run /);
  });

  test('a crash leaves one line with its cause, and ends it with 4', async () => {
    await using at = await company();
    const config = readFileSync(at.configFile, 'utf8').replace('server:', 'server:\n  listen: 127.0.0.1:0');
    writeFileSync(at.configFile, config, { mode: 0o600 });
    // As a mistake of ours would: something is thrown where nobody catches it.
    const env = onSignal("(()=>{throw new Error('a mistake\\nin two lines')})()");
    await using program = await startProgram(LAUNCHER, ['serve', '--config', at.configFile], { env });
    await program.waitFor(/"msg":"serving"/, 30_000);
    program.kill('SIGUSR2');
    const { code, stdout, stderr } = await program.exited;
    assert.equal(code, 4);
    assert.equal(stderr, '');
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.deepEqual([last.level, last.why], [60, 'a mistake\nin two lines']);
    assert.equal(last.msg, 'rosterd ends: something went wrong that nobody foresaw');
  });
});
