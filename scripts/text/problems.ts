import type { Problem } from '../../src/roster/model.ts';
import type { ProblemCount } from '../../src/roster/problems.ts';
import { listText } from './changes.ts';
import { counted, table } from './columns.ts';
import { type Item, originText, outItem } from './lines.ts';
import { type Look, shownName, shownText, styled } from './look.ts';
import { codeWords, EFFECT_ORDER, EFFECTS } from './words.ts';

/** What a run found wrong: every problem counted, and as many of them in words as the store keeps. */
export interface Found {
  readonly problems: readonly Problem[];
  readonly counts: readonly ProblemCount[];
}

/** Examples of a kind of problem that keeps nobody out. */
const EXAMPLES = 3;

/** Who is not served, each with the reason. */
export function quarantineText(found: Found, look: Look): string[] {
  const listed = found.problems.filter(one => one.effect === 'quarantined');
  const items: Item[] = listed.map(one => outItem(one, look));
  const unlisted = countOf(found, 'quarantined') - listed.length;
  const rest = unlisted > 0 ? [`    … and ${unlisted} more, of whom no more than their number was kept`] : [];
  return [...listText('quarantined: not served until the source is put right', items, look), ...rest];
}

const countOf = ({ counts }: Found, effect: Problem['effect']) =>
  counts.reduce((sum, one) => (one.effect === effect ? sum + one.count : sum), 0);

/** The other problems, grouped and counted, with some examples of each; failures have their place in the verdict. */
export function problemsText(found: Found, look: Look): string[] {
  const groups = groupsOf(found);
  if (groups.length === 0) return [];
  const heads = table(
    groups.map(({ code, effect, count }) => [String(count), codeWords(code), `(${EFFECTS[effect]})`]),
    { indent: 2, right: [0] },
  );
  const lines = groups.flatMap((group, at) => [heads[at] ?? '', ...examples(group, found, look)]);
  return [styled('bold', 'problems', look), ...lines];
}

/** The kinds of problems but for failures and quarantine, what matters most first, then the most frequent. */
const groupsOf = ({ counts }: Found): ProblemCount[] =>
  counts
    .filter(({ effect }) => effect !== 'failed' && effect !== 'quarantined')
    .toSorted((a, b) => EFFECT_ORDER.indexOf(a.effect) - EFFECT_ORDER.indexOf(b.effect) || b.count - a.count);

function examples({ code, effect, count }: ProblemCount, { problems }: Found, look: Look): string[] {
  const all = problems.filter(one => one.code === code && one.effect === effect);
  // One more line costs no more than saying that there is one more.
  const some = count === EXAMPLES + 1 ? all : all.slice(0, EXAMPLES);
  const rows = some.map(one => [
    shownName(one.name || one.source, look),
    `${shownText(one.text, look)}  ${originText(one.source)}`,
  ]);
  const rest = count - some.length;
  return [
    ...table(rows, { indent: 6 }),
    ...(rest > 0
      ? [
          `      … and ${counted(rest, 'more', 'more')}; --json has ${all.length === count ? 'all' : `${all.length}`} of them`,
        ]
      : []),
  ];
}
