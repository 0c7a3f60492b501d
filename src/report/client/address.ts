import { type AddressState, readAddress, writeAddress } from './pair.ts';

/** What the page's address says after its `#`, so that a link or a reload shows the same again. */
export class Address {
  #state: AddressState = readAddress(location.hash);

  get state(): AddressState {
    return this.#state;
  }

  /** Writes it without a step in the browser's history. */
  change(part: AddressState): void {
    this.#state = { ...this.#state, ...part };
    try {
      history.replaceState(null, '', writeAddress(this.#state));
    } catch {
      // Some viewers of mail show a page at an address that cannot be changed; all else works there.
    }
  }

  /** Calls back when somebody changes it by hand, or follows a link within the page. */
  watch(changed: (state: AddressState) => void): void {
    addEventListener('hashchange', () => {
      const state = readAddress(location.hash);
      // Links to sections say nothing of what is compared.
      if (!state.pair && state.person === undefined) return;
      this.#state = state;
      changed(state);
    });
  }
}
