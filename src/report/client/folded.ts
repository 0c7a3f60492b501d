import { h } from './dom.ts';
import { onPaper } from './print.ts';

/** Something that is made when it is opened for the first time. */
export function foldedDetails(title: string, make: () => HTMLElement): HTMLDetailsElement {
  let made = false;
  const open = () => {
    if (!made) details.append(make());
    made = true;
  };
  // The press comes before it is open; a browser that opens it to find a text in it tells afterwards.
  const details = h('details', { class: 'folded' }, h('summary', { onclick: open }, title));
  details.addEventListener('toggle', () => details.open && open());
  let wasOpen = false;
  onPaper(
    details,
    () => {
      wasOpen = details.open;
      open();
      details.open = true;
    },
    () => {
      details.open = wasOpen;
    },
  );
  return details;
}
