/** How much may be chosen: how many, and how many bytes they may take in a page. */
export interface Room {
  readonly count: number;
  readonly bytes: number;
}

/** Those of one rank, the first ones first. */
interface Kept<One> {
  readonly some: { readonly one: One; readonly size: number }[];
  bytes: number;
}

/**
 * As many of those that are offered as there is room for: one of a lower rank, which is a higher number, makes room for one of
 * a higher rank, and among their like those stay that came first.
 */
export class Choice<One> {
  readonly #room: Room;
  readonly #kept: Kept<One>[] = [];
  #count = 0;
  #bytes = 0;
  #offered = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Makes it only where there may be room for it. */
  offer(rank: number, make: () => One): void {
    this.#offered += 1;
    if (this.#count >= this.#room.count && this.#lowest() <= rank) return;
    const one = make();
    const size = sizeOf(one);
    if (!this.#makeRoom(rank, size)) return;
    const kept = this.#at(rank);
    kept.some.push({ one, size });
    kept.bytes += size;
    this.#count += 1;
    this.#bytes += size;
  }

  /** Those of the highest rank first. */
  get kept(): One[] {
    return this.#kept.flatMap(({ some }) => some.map(({ one }) => one));
  }

  get omitted(): number {
    return this.#offered - this.#count;
  }

  /** Of all that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  #at(rank: number): Kept<One> {
    while (this.#kept.length <= rank) this.#kept.push({ some: [], bytes: 0 });
    return this.#kept[rank] as Kept<One>;
  }

  #lowest(): number {
    return this.#kept.findLastIndex(({ some }) => some.length > 0);
  }

  #makeRoom(rank: number, size: number): boolean {
    // Where its like and those above leave too little, nobody has to go in vain.
    const above = this.#kept.slice(0, rank + 1).reduce((sum, { bytes }) => sum + bytes, 0);
    if (above + size > this.#room.bytes) return false;
    while (this.#count >= this.#room.count || this.#bytes + size > this.#room.bytes) {
      const lowest = this.#lowest();
      if (lowest <= rank) return false;
      const kept = this.#at(lowest);
      const gone = kept.some.pop()?.size ?? 0;
      kept.bytes -= gone;
      this.#bytes -= gone;
      this.#count -= 1;
    }
    return true;
  }
}

/** The first ones of a list, as far as there is room. */
export function firstOf<One>(list: Iterable<One>, room: Room): Choice<One> {
  const choice = new Choice<One>(room);
  for (const one of list) choice.offer(0, () => one);
  return choice;
}

/** How many bytes something takes in a page: as JSON, in which `<` and two ends of lines are escaped, and a comma. */
export function sizeOf(value: unknown): number {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) + 1 + 5 * timesIn(text, '<') + 3 * (timesIn(text, '\u2028') + timesIn(text, '\u2029'));
}

function timesIn(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}
