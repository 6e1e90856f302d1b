// Small pieces of page. Text is only ever set through textContent.

/** An element: `text` is its text, names with "on" are handlers, true and false say whether an attribute is there.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} className @param {Record<string, unknown>} attributes @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]} */
export function make(tag, className = "", attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = String(value);
    else if (name.startsWith("on")) Object.assign(element, { [name]: value });
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

const ICONS = {
  play: "M5 3.2v11.6L14.5 9z",
  pause: "M4.5 3.5h3v11h-3zM10.5 3.5h3v11h-3z",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "gv-icon");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const LEAST_OF_A_LIST = 180; // pixels: what is longer than the window has room for is scrolled

/** A list that opens under a word, as far down as the window goes.
 * @param {string} words @param {Node[]} entries */
export function makeMenu(words, ...entries) {
  const list = make("div", "gv-menu-list", {}, ...entries);
  const ontoggle = () => (list.style.maxHeight = `${Math.max(LEAST_OF_A_LIST, innerHeight - list.getBoundingClientRect().top - 8)}px`);
  return make("details", "gv-menu", { ontoggle }, make("summary", "", { text: words }), list);
}

/** A choice of one out of few.
 * @param {string} label @param {string[][]} options value and words of each @param {string} value
 * @param {(value: string) => void} onchange */
export function picker(label, options, value, onchange) {
  const select = make("select", "gv-picker", { "aria-label": label, title: label });
  select.onchange = () => onchange(select.value);
  for (const [key, words] of options) select.append(make("option", "", { value: key, text: words, selected: key === value }));
  return select;
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Until now Streamlit has kept a fixed height for what stands here, so that the page does not move when it comes.
 * @param {HTMLElement} root */
export function setFree(root) {
  const tree = root.getRootNode(), box = tree instanceof ShadowRoot ? tree.host.closest('[data-testid="stElementContainer"]') : null;
  if (box) Object.assign(/** @type {HTMLElement} */ (box).style, { height: "auto", flex: "0 1 auto", overflow: "visible" });
}
