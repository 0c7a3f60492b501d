/** What a caller may want to tell apart: no store there, one of an older version, or anything else. */
export type StoreTrouble = 'absent' | 'outdated' | 'other';

/** What is wrong with the store, and the way out. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreTrouble;

  constructor(message: string, { code = 'other', ...options }: ErrorOptions & { code?: StoreTrouble } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** A form of a person or department that is not any more what was written. */
export class RowDamaged extends StoreError {
  /** Which of its columns cannot be believed. */
  readonly part: 'content' | 'name' | 'origin';

  constructor(message: string, part: RowDamaged['part']) {
    super(message);
    this.part = part;
  }
}
