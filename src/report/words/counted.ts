/** A text with a number in it, for one and for any other number. */
export interface Counted {
  readonly one: string;
  readonly other: string;
}

/** A text with a number in it; in languages without a plural one form does for all. */
export const counted = (one: string, other: string = one): Counted => ({ one, other });
