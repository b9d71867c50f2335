type Value = string | number | boolean | undefined | ((event: Event) => void);
export type Child = Node | string | undefined;

/** What may be left out, left out. */
export const present = (children: readonly Child[]) => children.filter((child) => child !== undefined);

/** Sets attributes; a function listens to the event of that name, false and undefined leave the attribute out. */
export const set = (element: Element, attributes: Readonly<Record<string, Value>>): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
};

/** Makes an element. Text stays text: nothing here parses HTML, and the page's policy (trusted types) forbids it. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...present(children));
  return element;
};
