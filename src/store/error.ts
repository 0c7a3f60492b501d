/** What is wrong with the store, and the way out. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
