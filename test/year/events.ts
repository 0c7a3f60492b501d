import type { Event } from './day.ts';
import { dissolve, moveDepartment, openDepartment, renameDepartment } from './departments.ts';
import { inheritEmail, recycleLeaver, recycleServed, reuseEmail } from './mistakes.ts';
import {
  endContract,
  handOver,
  hire,
  hireContractor,
  joinAnother,
  leave,
  marry,
  move,
  rehire,
  rehireAnew,
  renameAccount,
  telephoned,
  vanish,
} from './people.ts';

/** What happens in an ordinary year, and how often. */
export const EVENTS: ReadonlyMap<string, readonly [timesAYear: number, event: Event]> = new Map([
  ['hires', [190, hire]],
  ['leavers', [200, leave]],
  ['rows deleted without a word', [30, vanish]],
  ['telephones', [300, telephoned]],
  ['moves', [250, move]],
  ['second departments', [100, joinAnother]],
  ['accounts renamed', [40, renameAccount]],
  ['marriages', [50, marry]],
  ['rehires', [25, rehire]],
  ['rehires under a new key', [15, rehireAnew]],
  ['emails handed over', [25, handOver]],
  ['contractors hired', [25, hireContractor]],
  ['contractors gone', [20, endContract]],
  ['departments opened', [20, openDepartment]],
  ['departments renamed', [25, renameDepartment]],
  ['departments moved', [20, moveDepartment]],
  ['departments dissolved', [16, dissolve]],
  ['keys of leavers recycled', [4, recycleLeaver]],
  ['keys in use recycled', [4, recycleServed]],
  ['emails of leavers given to newcomers', [5, reuseEmail]],
  ['emails of leavers given to colleagues', [5, inheritEmail]],
]);
