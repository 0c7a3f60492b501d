/**
 * What `work` makes of each of these, in their order, with at most `most` of them under way at once. When one fails, no
 * further one is begun and the failure is thrown; whoever gave the work stops what is under way.
 */
export async function* inOrder<From, To>(
  list: Iterable<From>,
  most: number,
  work: (one: From) => Promise<To>,
): AsyncGenerator<To> {
  const waiting: Promise<To>[] = [];
  let failed = false;
  for (const one of list) {
    if (failed) break;
    const begun = work(one);
    // Its failure is thrown when it is its turn, which may be long after it failed.
    begun.catch(() => {
      failed = true;
    });
    waiting.push(begun);
    const first = waiting.length === most ? waiting.shift() : undefined;
    if (first) yield await first;
  }
  for (let first = waiting.shift(); first; first = waiting.shift()) yield await first;
}
