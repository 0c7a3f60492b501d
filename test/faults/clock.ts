import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig } from '../support/hr.ts';
import { Truths } from './generations.ts';
import { FaultHouse, Promises, personnelFile } from './house.ts';
import { disturb, type Kind } from './series.ts';

const A_DAY = 86_400_000;

/** The clock jumps days back and forth, at any moment that somebody looks at it. */
export const stepClock: Kind = async (count, chance, tally) => {
  await using folder = await temporaryFolder();
  await using personnel = personnelFile(folder.path);
  const config = hrConfig(folder.path, personnel.url);
  await using store = await openStore(config.store, { migrate: true });
  let steps = 0;
  let ahead = 0;
  const now = () => {
    if (steps > 0 && chance.happens(0.2)) {
      steps -= 1;
      ahead = (chance.below(800) - 400) * A_DAY;
    }
    return new Date(Date.now() + ahead);
  };
  const promises = new Promises(new Truths());
  const house = await FaultHouse.open({ config, store, personnel, promises }, { now });
  await disturb({ house, store, promises }, count, async () => {
    steps = 1 + chance.below(3);
    const told = await house.work();
    steps = 0;
    tally.add('refusal' in told ? `clock stepped, ${told.refusal}` : 'clock stepped, answered');
  });
};
