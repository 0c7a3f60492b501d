import { EXIT, NotFound } from '../exit.ts';
import { holdOf } from '../hold.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { reviewObjects, reviewText } from '../text/review.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';

export const command = verb('review', {
  more: 'Without HOLD, the hold that stands. Of one that has ended, its candidate is not kept: it tells what was found, and how it ended.',
  exits: { finding: 'no hold stands, or there is no such hold' },
  examples: [
    ['rosterd review', 'who and what would change, and which limits that passes'],
    ['rosterd review 3 --mask', 'the same of hold 3, to show to somebody else'],
  ],
})
  .argument('[HOLD]', 'the number of a hold, as status, log --runs and the answer to OMFLOW tell it')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (number: string | undefined, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    const review = await holdOf(store, number);
    if (!review) throw new NotFound('no hold stands; "rosterd status" tells how things stand');
    if (options.json) for (const object of reviewObjects(review)) printJson(object, look);
    else print(reviewText(review, { look, now: place.now }));
    exitWith(EXIT.fine);
  });
