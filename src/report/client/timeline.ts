import { targetOf } from './keys.ts';
import type { PairChoice } from './pair.ts';

/** What a reader chooses in the timeline. */
export interface TimelineChoices {
  /** What this snapshot changed. */
  upTo(number: number): void;
  /** From this snapshot on. */
  from(number: number): void;
}

/** The page's timeline: its snapshots can be chosen, and it shows which ones are. */
export interface Timeline {
  mark(pair: PairChoice): void;
}

/** Undefined for a page without one. */
export function chooseInTimeline(choices: TimelineChoices): Timeline | undefined {
  const list = document.querySelector<SVGElement>('#timeline [role="listbox"]');
  if (!list) return undefined;
  const options = [...list.querySelectorAll<SVGElement>('[data-snapshot]')];
  const choose = (option: SVGElement, isFrom: boolean) => {
    const number = Number(option.dataset['snapshot']);
    if (isFrom) choices.from(number);
    else choices.upTo(number);
  };
  list.addEventListener('click', event => {
    const option = optionOf(event.target);
    if (option) choose(option, event.shiftKey);
  });
  list.addEventListener('keydown', event => {
    const option = optionOf(event.target);
    if (!option || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') choose(option, event.shiftKey);
    else if (!focusOption(options[targetOf(event.key, options.indexOf(option), options.length)], options)) return;
    event.preventDefault();
  });
  return {
    mark({ before, after }) {
      for (const option of options) {
        const number = Number(option.dataset['snapshot']);
        option.classList.toggle('before', number === before);
        option.classList.toggle('after', number === after);
        option.setAttribute('aria-selected', String(number === before || number === after));
      }
      const chosen = options.find(option => option.classList.contains('after')) ?? options.at(-1);
      makeReachable(chosen, options);
      if (chosen) scrollSidewaysTo(chosen);
    },
  };
}

const optionOf = (target: EventTarget | null) =>
  target instanceof Element ? (target.closest<SVGElement>('[data-snapshot]') ?? undefined) : undefined;

function focusOption(option: SVGElement | undefined, options: readonly SVGElement[]): boolean {
  if (!option) return false;
  makeReachable(option, options);
  option.focus();
  return true;
}

/** One of them is in the order of the Tab key, the others are reached from it. */
function makeReachable(one: Element | undefined, all: readonly Element[]): void {
  for (const element of all) element.setAttribute('tabindex', element === one ? '0' : '-1');
}

/** Within its own container: the page itself must not jump. */
function scrollSidewaysTo(element: Element): void {
  let container = element.parentElement;
  while (container && container.scrollWidth <= container.clientWidth) container = container.parentElement;
  if (!container || container === document.documentElement || container === document.body) return;
  const [inner, outer] = [element.getBoundingClientRect(), container.getBoundingClientRect()];
  if (inner.left >= outer.left && inner.right <= outer.right) return;
  container.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}
