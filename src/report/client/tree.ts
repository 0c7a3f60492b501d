import type { Branch } from './branches.ts';
import { type Child, h } from './dom.ts';
import { foldText } from './fold.ts';

/** Items of one level that are shown at a time. */
const LEVEL_STEP = 200;

/** What a tree looks like. */
export interface TreeTerms {
  readonly label: string;
  content(branch: Branch): Child;
  /** Of a level that is not all shown: how many come next. */
  more(count: number): string;
  /** What is searched when letters are typed. */
  text(branch: Branch): string;
}

/** A tree as the ARIA practices describe it. What is below something is made when that is opened. */
export class TreeView {
  readonly element: HTMLElement;
  readonly #roots: readonly Branch[];
  readonly #terms: TreeTerms;
  readonly #branches = new WeakMap<Element, Branch>();
  #shown: ReadonlySet<Branch> | undefined;
  #opened = new Set<Branch>();

  constructor(roots: readonly Branch[], terms: TreeTerms) {
    this.#roots = roots;
    this.#terms = terms;
    this.element = h('ul', { class: 'tree', role: 'tree', 'aria-label': terms.label });
    this.element.addEventListener('click', event => this.#clicked(event));
    this.element.addEventListener('keydown', event => this.#pressed(event));
  }

  /** Shows all or some branches, some of them open. */
  show(shown: ReadonlySet<Branch> | undefined, opened: ReadonlySet<Branch>): void {
    this.#shown = shown;
    this.open(opened);
  }

  /** Those that are open now. */
  get opened(): ReadonlySet<Branch> {
    return new Set(this.#opened);
  }

  /** Opens these and closes all others. */
  open(opened: ReadonlySet<Branch>): void {
    this.#opened = new Set(opened);
    this.element.replaceChildren(...this.#level(this.#visible(this.#roots), 0));
    this.#makeReachable(this.#items()[0]);
  }

  #visible(branches: readonly Branch[]): readonly Branch[] {
    const shown = this.#shown;
    return shown ? branches.filter(branch => shown.has(branch)) : branches;
  }

  /** From one of them on, as many as are shown at a time, and an item for the rest. */
  #level(branches: readonly Branch[], from: number): HTMLElement[] {
    const upTo = Math.min(branches.length, from + LEVEL_STEP);
    const items = branches
      .slice(from, upTo)
      .flatMap((branch, at) => this.#itemAndBelow(branch, from + at + 1, branches.length));
    return upTo < branches.length ? [...items, this.#moreItem(branches, upTo)] : items;
  }

  /** What is below an item stands after it and not within, or it would be called by all their names. */
  #itemAndBelow(branch: Branch, position: number, size: number): HTMLElement[] {
    const hasMore = this.#visible(branch.below).length > 0;
    const item = h(
      'li',
      {
        role: 'treeitem',
        'aria-level': branch.place.depth + 1,
        'aria-posinset': position,
        'aria-setsize': size,
        tabindex: -1,
      },
      h(
        'div',
        { class: 'branch' },
        h('span', { class: hasMore ? 'twist' : 'twist none', 'aria-hidden': 'true' }),
        this.#terms.content(branch),
      ),
    );
    this.#branches.set(item, branch);
    if (!hasMore) return [item];
    const isOpen = this.#opened.has(branch);
    item.setAttribute('aria-expanded', String(isOpen));
    return isOpen ? [item, this.#below(branch)] : [item];
  }

  #moreItem(branches: readonly Branch[], from: number): HTMLElement {
    const text = this.#terms.more(Math.min(LEVEL_STEP, branches.length - from));
    const level = (branches[from]?.place.depth ?? 0) + 1;
    const grow = () => {
      const items = this.#level(branches, from);
      item.replaceWith(...items);
      this.#focus(items[0]);
    };
    const item = h(
      'li',
      { role: 'treeitem', class: 'more', 'aria-level': level, tabindex: -1 },
      h('span', { class: 'link' }, text),
    );
    item.addEventListener('grow', grow);
    return item;
  }

  #setOpen(item: HTMLElement, branch: Branch, isOpen: boolean): void {
    item.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) {
      this.#opened.add(branch);
      item.after(this.#below(branch));
    } else {
      this.#opened.delete(branch);
      item.nextElementSibling?.remove();
    }
  }

  #below(branch: Branch): HTMLElement {
    return h('li', { role: 'none' }, h('ul', { role: 'group' }, this.#level(this.#visible(branch.below), 0)));
  }

  #items(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  }

  #clicked({ target }: Event): void {
    const item = itemOf(target);
    if (!item) return;
    this.#focus(item);
    this.#use(item);
  }

  /** Opens or closes; of one that stands for more, brings that. */
  #use(item: HTMLElement): void {
    const branch = this.#branches.get(item);
    if (!branch) item.dispatchEvent(new Event('grow'));
    else if (item.ariaExpanded !== null) this.#setOpen(item, branch, item.ariaExpanded !== 'true');
  }

  #pressed(event: KeyboardEvent): void {
    const item = itemOf(event.target);
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.#act(event.key, item)) event.preventDefault();
  }

  /** Whether the key means something here. */
  #act(key: string, item: HTMLElement): boolean {
    switch (key) {
      case 'Enter':
      case ' ':
        this.#use(item);
        return true;
      case 'ArrowDown':
        this.#step(item, 1);
        return true;
      case 'ArrowUp':
        this.#step(item, -1);
        return true;
      case 'ArrowRight':
        if (item.ariaExpanded === 'false') this.#use(item);
        else if (item.ariaExpanded === 'true') this.#step(item, 1);
        return true;
      case 'ArrowLeft':
        if (item.ariaExpanded === 'true') this.#use(item);
        else this.#focus(above(item));
        return true;
      case 'Home':
        this.#focus(this.#items()[0]);
        return true;
      case 'End':
        this.#focus(this.#items().at(-1));
        return true;
      case '*':
        this.#openSiblings(item);
        return true;
      default:
        return key.length === 1 && this.#jump(key, item);
    }
  }

  #step(item: HTMLElement, by: number): void {
    const items = this.#items();
    this.#focus(items[items.indexOf(item) + by]);
  }

  #openSiblings(item: HTMLElement): void {
    for (const one of [...(item.parentElement?.children ?? [])]) {
      const branch = this.#branches.get(one);
      if (branch && one instanceof HTMLElement && one.ariaExpanded === 'false') this.#setOpen(one, branch, true);
    }
  }

  /** To the next one whose name begins with a letter. */
  #jump(letter: string, item: HTMLElement): boolean {
    const items = this.#items();
    const at = items.indexOf(item);
    const begins = (one: HTMLElement) => {
      const branch = this.#branches.get(one);
      const names = branch ? foldText(this.#terms.text(branch)).split('\n') : [];
      return names.some(name => name.startsWith(foldText(letter)));
    };
    const next = [...items.slice(at + 1), ...items.slice(0, at)].find(begins);
    this.#focus(next);
    return next !== undefined;
  }

  #focus(item: HTMLElement | undefined): void {
    if (!item) return;
    this.#makeReachable(item);
    item.focus();
  }

  #makeReachable(item: HTMLElement | undefined): void {
    for (const one of this.element.querySelectorAll('[tabindex="0"]')) one.setAttribute('tabindex', '-1');
    item?.setAttribute('tabindex', '0');
  }
}

/** The item that this one is below. */
const above = (item: HTMLElement) => {
  const before = item.parentElement?.parentElement?.previousElementSibling;
  return item.ariaLevel !== '1' && before instanceof HTMLElement ? before : undefined;
};

const itemOf = (target: EventTarget | null) =>
  target instanceof Element ? (target.closest<HTMLElement>('[role="treeitem"]') ?? undefined) : undefined;
