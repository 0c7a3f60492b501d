import { openStore } from '../../src/store/open.ts';
import type { Publication } from '../../src/store/store.ts';
import { begin, finish, NOBODY, person, publication, published, type Roster, readBack, roster } from './rosters.ts';

// A process of its own that uses a store, for tests that kill it: child.ts hold URL LOCK, or child.ts publish URL [STAGE]

const [task, url = '', option] = process.argv.slice(2);
const store = await openStore({ url }, { migrate: true });
const lock = await store.lock(task === 'hold' && option === 'serve' ? 'serve' : 'run');
console.log(lock ? 'locked' : 'somebody else has the lock');
if (!lock) process.exit(1);
if (task === 'hold') await new Promise(resolve => setTimeout(resolve, 60_000));

/** A roster of which every snapshot has another third. */
const next = (number: number): Roster =>
  roster(
    Array.from({ length: 1500 }, (_, place) => {
      const edition = number - ((number + place) % 3);
      return person(`hr/${place}-${edition % 5}`, { nick_name: `edition ${edition}`, email: `${place}@corp.example` });
    }),
  );

/** The same publication, which kills whoever comes to write this part of it. */
const deadly = (what: Publication, stage: string): Publication =>
  Object.defineProperty({ ...what }, stage, { get: () => process.kill(process.pid, 'SIGKILL') });

for (let turn = 1; ; turn++) {
  const newest = await store.snapshots.newest();
  const before = newest ? await readBack(store, newest.number) : NOBODY;
  const number = (newest?.number ?? 0) + 1;
  const run = await begin(store);
  const what = publication(before, next(number), number);
  console.log(`publishing ${number}`);
  const start = performance.now();
  await finish(store, run, published(number), option && turn === 3 ? deadly(what, option) : what);
  console.log(`published ${number} in ${Math.ceil(performance.now() - start)} ms`);
}
