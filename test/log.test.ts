import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { logAnnounced, logCrash, logRefused, logReload, logServer, openLog } from '../src/log.ts';
import { LogLines } from './http/house.ts';
import { temporaryFolder } from './support/folder.ts';
import { runProgram } from './support/program.ts';

/** A log without times, and the lines that it has. */
function plainLog() {
  const lines = new LogLines();
  return { log: pino({ base: null, timestamp: false }, lines), lines };
}

test('a directory server that fails is a warning, and one that is back is told, too', () => {
  const { log, lines } = plainLog();
  logServer(log, { server: 'ldaps://dc1', trouble: 'did not answer within 2500 ms' });
  logServer(log, { server: 'ldaps://dc1' });
  assert.deepEqual(lines.lines, [
    { level: 40, server: 'ldaps://dc1', why: 'did not answer within 2500 ms', msg: 'directory server fails' },
    { level: 30, server: 'ldaps://dc1', msg: 'directory server answers again' },
  ]);
});

test('what became of telling somebody', () => {
  const { log, lines } = plainLog();
  const channel = 'webhook chat.example';
  logAnnounced(log, { channel, kind: 'held', outcome: 'sent' });
  logAnnounced(log, { channel, kind: 'held', outcome: 'later', why: 'answered 503' });
  logAnnounced(log, { channel, kind: 'held', outcome: 'given_up', why: 'answered 410' });
  assert.deepEqual(lines.lines, [
    { level: 30, channel, about: 'held', msg: 'told' },
    { level: 40, channel, about: 'held', why: 'answered 503', msg: 'could not be told, and is tried again' },
    { level: 50, channel, about: 'held', why: 'answered 410', msg: 'could not be told, and is given up' },
  ]);
});

test('a reload says what waits for a restart, and a refused one why', () => {
  const { log, lines } = plainLog();
  logReload(log, { restarts: ['server.listen'], handedOver: true });
  logRefused(log, 'rosterd.yaml', ['schedule: is not a cron pattern', 'sources: is empty']);
  assert.deepEqual(lines.lines, [
    { level: 40, setting: 'server.listen', msg: 'was changed, and stays as it was until a restart' },
    { level: 30, msg: 'what LoadCredential= gave may be as it was at the start; a restart is sure to read it anew' },
    { level: 30, msg: 'the configuration was read again' },
    { level: 50, file: 'rosterd.yaml', why: 'schedule: is not a cron pattern', msg: 'a problem of the configuration' },
    { level: 50, file: 'rosterd.yaml', why: 'sources: is empty', msg: 'a problem of the configuration' },
    { level: 50, file: 'rosterd.yaml', count: 2, msg: 'the configuration was not taken; the one before goes on' },
  ]);
});

test('a crash is one line, whatever was thrown', () => {
  const { log, lines } = plainLog();
  logCrash(log, 'a text');
  logCrash(log, new Error('a\nb'));
  assert.equal(lines.text.split('\n').filter(Boolean).length, 2);
  assert.deepEqual(
    lines.lines.map(({ level, why }) => [level, why]),
    [
      [60, 'a text'],
      [60, 'a\nb'],
    ],
  );
});

test('what no line may say is left out, however it came there', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'log');
  const log = await openLog('info', { file });
  log.info({ username: 'a.lin', password: 'hunter2', sql: 'SELECT …', config: { token: 't' } }, 'login');
  log.child({}, { level: 'trace' }).debug({ body: 'hunter2', why: 'broke off' }, 'of a child, too');
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ time, ...line }) => line),
    [
      { level: 30, username: 'a.lin', msg: 'login' },
      { level: 20, why: 'broke off', msg: 'of a child, too' },
    ],
  );
});

/** What a process of its own writes that opens the log in a form and says something on each level. */
async function written(form: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const log = pathToFileURL(join(import.meta.dirname, '../src/log.ts')).href;
  const program = `
    const { formOf, openLog } = await import(${JSON.stringify(log)});
    const log = await openLog('trace', { form: ${form} });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) {
      log[level]({ username: 'a\\u001b[31m\\u009b\\u202eb' }, 'login');
    }`;
  const { stdout } = await runProgram(process.execPath, ['--input-type=module', '--eval', program], { env });
  return stdout.split('\n').filter(Boolean);
}

test('for the journal each line begins with its priority', async () => {
  const lines = await written(`'journal'`);
  assert.deepEqual(
    lines.map(line => line.slice(0, 4)),
    ['<7>{', '<7>{', '<6>{', '<4>{', '<3>{', '<2>{'],
  );
  assert.equal(JSON.parse(lines[3]?.slice(3) ?? '').msg, 'login');
});

test('for a terminal a line can be read, and nothing in it can act there', async () => {
  const lines = await written(`'terminal'`);
  assert.equal(lines.length, 6);
  const [, , info = ''] = lines;
  assert.match(info, /^\[\d\d:\d\d:\d\d\] .*INFO.*login.*\{"username":"a\\u001b\[31m\\u009b\\u202eb"\}\S*$/);
});

test('the form is that of where it goes', async () => {
  const program = 'formOf(process.env, false)';
  assert.match((await written(program))[0] ?? '', /^\{"level":10/);
  assert.match(
    (await written(program, { JOURNAL_STREAM: '1:2' }))[0] ?? '',
    /^\{/,
    'the journal, but turned elsewhere',
  );
  assert.match((await written('formOf(process.env, true)'))[0] ?? '', /TRACE/);
});
