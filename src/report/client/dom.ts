/** What an element may have in it; lists are laid flat, `undefined` and `false` are nothing. */
export type Child = Node | string | undefined | false | readonly Child[];

/** An attribute's value, or what listens to an event under `onclick` and the like; `true` is an attribute without a value. */
export type Attribute = string | number | boolean | undefined | ((event: Event) => void);

/** An element. Texts become text and nothing else: there is no way from a text to markup. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) setAttribute(element, key, value);
  element.append(...nodesOf(children));
  return element;
}

function setAttribute(element: HTMLElement, key: string, value: Attribute): void {
  if (typeof value === 'function') element.addEventListener(key.slice(2), value);
  else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : String(value));
}

/** Flat, as `append` wants them. */
export function nodesOf(child: Child): (Node | string)[] {
  if (child === undefined || child === false) return [];
  return typeof child === 'string' || child instanceof Node ? [child] : child.flatMap(nodesOf);
}

/** The same list with a text between each two. */
export const withBetween = (children: readonly Child[], between: string): Child[] =>
  children.flatMap((child, at) => (at === 0 ? [child] : [between, child]));

/** Puts something new in the place of all that an element has in it. */
export const fill = (element: Element, ...children: readonly Child[]): void =>
  element.replaceChildren(...nodesOf(children));

/** A place of our own at the end of one that the page brings, which keeps what it has; nothing where the page has none. */
export function placeIn(id: string): HTMLElement | undefined {
  const place = document.getElementById(id);
  if (!place) return undefined;
  const own = h('div', { class: 'filled' });
  place.append(own);
  return own;
}
