import type { Context } from './context.ts';
import { fill, h } from './dom.ts';
import { onPaper } from './print.ts';

/** Rows that are shown at a time: a page that makes thousands at once stands still. */
const STEP = 200;

/** Rows of a list that are on paper. */
const ON_PAPER = 1000;

/** What a list is made of. */
export interface ListTerms<Item> {
  readonly title: string;
  readonly columns: readonly string[];
  /** The rows of the first so many; several items may share one. */
  rowsOf(items: readonly Item[]): readonly HTMLTableRowElement[];
}

/** A list that shows its items in steps. */
export interface StepList<Item> {
  readonly element: HTMLElement;
  /** Shows others from the start; an empty list is not seen. */
  show(items: readonly Item[]): void;
}

/** A table with a heading that says how many there are, and a button for more. */
export function stepList<Item>(terms: ListTerms<Item>, context: Context): StepList<Item> {
  const { speech } = context;
  const head = h(
    'tr',
    { role: 'row' },
    terms.columns.map(column => h('th', { role: 'columnheader', scope: 'col' }, column)),
  );
  const body = h('tbody', { role: 'rowgroup' });
  const heading = h('h3');
  const more = h('button', { type: 'button', class: 'more', onclick: () => grow() });
  const element = h(
    'div',
    { class: 'changes', hidden: true },
    heading,
    h('table', { role: 'table', class: 'table' }, h('thead', { role: 'rowgroup' }, head), body),
    more,
  );
  let all: readonly Item[] = [];
  let most = STEP;

  const render = () => {
    const left = all.length - most;
    element.hidden = all.length === 0;
    fill(heading, terms.title, ' ', h('span', { class: 'amount' }, speech.count(all.length)));
    fill(body, terms.rowsOf(all.slice(0, most)));
    more.hidden = left <= 0;
    fill(more, speech.counted(speech.words.diff.more, Math.min(STEP, left)));
  };
  const grow = () => {
    const before = body.rows.length;
    most += STEP;
    render();
    // The button may be gone; whoever uses a keyboard goes on with what is new.
    focusRow(body.rows[before] ?? body.rows[before - 1]);
  };
  let beforePrinting = most;
  onPaper(
    element,
    () => {
      beforePrinting = most;
      most = Math.max(most, ON_PAPER);
      if (beforePrinting < all.length) render();
    },
    () => {
      most = beforePrinting;
      if (most < all.length) render();
    },
  );
  return {
    element,
    show(items) {
      all = items;
      most = STEP;
      render();
    },
  };
}

function focusRow(row: HTMLTableRowElement | undefined): void {
  if (!row) return;
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
}
