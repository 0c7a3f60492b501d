import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { logServer } from '../src/log.ts';
import { LogLines } from './http/house.ts';

test('a directory server that fails is a warning, and one that is back is told, too', () => {
  const lines = new LogLines();
  const log = pino({ base: null, timestamp: false }, lines);
  logServer(log, { server: 'ldaps://dc1', trouble: 'did not answer within 2500 ms' });
  logServer(log, { server: 'ldaps://dc1' });
  assert.deepEqual(lines.lines, [
    { level: 40, server: 'ldaps://dc1', why: 'did not answer within 2500 ms', msg: 'directory server fails' },
    { level: 30, server: 'ldaps://dc1', msg: 'directory server answers again' },
  ]);
});
