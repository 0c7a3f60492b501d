/** Elements that are shown otherwise on paper; they are told by events, so that nobody has to keep a list of them. */
const MARK = 'printed';

/** `expand` is called before the page is printed, and `restore` after, as long as the element is in the page. */
export function onPaper(element: HTMLElement, expand: () => void, restore: () => void): void {
  element.classList.add(MARK);
  element.addEventListener('expandforpaper', expand);
  element.addEventListener('restorefrompaper', restore);
}

/** Tells them all, those within others after those that they are in, for these may bring them. */
export function watchPrinting(): void {
  addEventListener('beforeprint', () => tellPrinted('expandforpaper'));
  addEventListener('afterprint', () => tellPrinted('restorefrompaper'));
}

function tellPrinted(event: string): void {
  // A live list: what an element brings is told, too.
  const printed = document.getElementsByClassName(MARK);
  for (let at = 0; at < printed.length; at += 1) printed[at]?.dispatchEvent(new Event(event));
}
