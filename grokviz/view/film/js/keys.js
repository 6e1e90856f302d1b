// What the keys do.

/** What hears them: a film, or whatever else has steps and plays.
 * @typedef {{ toggle: () => void, by: (n: number) => void, goTo: (i: number) => void, toBoundary: (direction: -1 | 1) => void,
 *   steps: { length: number } }} Played */

/** @type {Record<string, (film: Played, event: KeyboardEvent) => void>} */
const KEYS = {
  " ": (film) => film.toggle(),
  ArrowLeft: (film, event) => film.by(event.shiftKey ? -10 : -1),
  ArrowRight: (film, event) => film.by(event.shiftKey ? 10 : 1),
  ArrowDown: (film, event) => film.by(event.shiftKey ? -10 : -1),
  ArrowUp: (film, event) => film.by(event.shiftKey ? 10 : 1),
  Home: (film) => film.goTo(0),
  End: (film) => film.goTo(film.steps.length - 1),
  PageUp: (film) => film.toBoundary(-1),
  PageDown: (film) => film.toBoundary(1),
  "[": (film) => film.toBoundary(-1),
  "]": (film) => film.toBoundary(1),
};
const VERTICAL = new Set(["ArrowUp", "ArrowDown"]);

/** What has a use of its own for these keys: fields, lists to choose from, tables, and windows above the page. */
const FIELDS = [
  "input:not([type=checkbox], [type=button], [type=submit], [type=reset])", "textarea", "select", "[data-testid=data-grid-canvas]",
  "[contenteditable]:not([contenteditable=false])",
  ...["slider", "spinbutton", "textbox", "searchbox", "combobox", "listbox", "option", "menu", "menuitem", "radiogroup", "tablist",
    "tree", "grid", "dialog"].map((role) => `[role=${role}]`),
].join();
/** What Space presses. */
const PRESSED = "button, summary, a, input, [role=button], [role=link], [role=checkbox], [role=switch], [role=radio], [role=tab]";

/** Does what a key says, but in a field. Whose key it is, the caller knows: of the film last touched wherever the focus is,
 * and inside a film of that one.
 * @param {KeyboardEvent} event @param {Played} film @param {Element} range its slider */
export function onKey(event, film, range) {
  const act = KEYS[event.key], path = event.composedPath(), target = path[0];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target !== range && path.some((place) => is(place, FIELDS))) return;
  if (event.key === " " && path.some((place) => is(place, PRESSED))) return;
  if (VERTICAL.has(event.key) && target !== range) return; // elsewhere they scroll the page
  event.preventDefault();
  act(film, event);
}

/** The document and the window are no elements. @param {EventTarget} place @param {string} selector */
function is(place, selector) {
  return "matches" in place && /** @type {Element} */ (place).matches(selector);
}
