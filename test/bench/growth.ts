import type { Finding } from './finding.ts';
import { growthExponent } from './statistics.ts';

/** Nothing may grow faster than this power of the size; 1 is linear, and caches that no longer hold everything cost a bit. */
const LINEAR = { atMost: 1.15 };

/** The power by which some work grows from each size to the next, for whatever was measured at several. */
export function growthOf(findings: readonly Finding[]): Finding[] {
  const sized = findings.filter(one => one.people !== undefined);
  return [...Map.groupBy(sized, one => one.work)].flatMap(([work, all]) => stepsOf(work, all));
}

function stepsOf(work: string, findings: readonly Finding[]): Finding[] {
  const bySize = findings.toSorted((a, b) => (a.people ?? 0) - (b.people ?? 0));
  return bySize.slice(1).map((to, place) => {
    const from = bySize[place] ?? to;
    return {
      work: `growth of: ${work}`,
      size: `${from.size} → ${to.size}`,
      unit: '',
      ours: growthExponent(pointOf(from), pointOf(to)),
      target: LINEAR,
    };
  });
}

const pointOf = ({ people = 0, ours }: Finding) => ({ x: people, y: ours });
