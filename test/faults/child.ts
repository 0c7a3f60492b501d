import type { Config } from '../../src/config/schema.ts';
import { openStore } from '../../src/store/open.ts';
import { Truths } from './generations.ts';
import { FaultHouse, Promises, personnelFile } from './house.ts';

// A process of its own that makes one run after the other until somebody kills it, and says what it was told as soon as it
// is: child.ts FOLDER CONFIG COUNT, where CONFIG is the configuration itself, checked, and COUNT is how many generations
// there have been.

const [folder = '', settings = '', count] = process.argv.slice(2);
const personnel = personnelFile(folder);
const config = JSON.parse(settings) as Config;
const store = await openStore(config.store, { migrate: true });
const promises = new Promises(new Truths(Number(count)));
const house = await FaultHouse.open({ config, store, personnel, promises }, { say: console.log });

for (;;) {
  await house.next();
  await house.work();
}
