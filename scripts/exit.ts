/** The exit codes, the same for every command. */
export const EXIT = {
  fine: 0,
  /** Something a caller may want to know of: stale, different, not found. */
  finding: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  held: 3,
  /** Failed, or the store cannot be reached. */
  failed: 4,
} as const;

/** Something that was asked for by name and is not there; the message says what there is. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** Somebody ended the command before it was done; the message says what became of it. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Something that was tried and did not succeed; the message says why. */
export class Failed extends Error {
  override readonly name = 'Failed';
}

/** A command that cannot be understood, and how it should be written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
