import type { Row } from './row.ts';
import { diff } from './rows/diff.ts';
import { disk } from './rows/disk.ts';
import { engines } from './rows/engines.ts';
import { login } from './rows/login.ts';
import { memory } from './rows/memory.ts';
import { quiet } from './rows/quiet.ts';
import { changedRun, firstRun, unchangedRun } from './rows/run.ts';
import { start } from './rows/start.ts';
import { serving } from './rows/sync.ts';
import { versions } from './rows/versions.ts';

/** Everything that is measured, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...[firstRun, unchangedRun, changedRun, engines, memory],
  ...[diff, disk, versions, serving, login, quiet, start],
];
