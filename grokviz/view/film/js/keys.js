// What the keys do.

/** @import { Film } from "./film.js" */

import { registry } from "./kit/registry.js";

/** @type {Record<string, (film: Film, event: KeyboardEvent) => void>} */
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

/** A key belongs to the film when the focus is inside it, or nowhere and this is the film last touched.
 * @param {KeyboardEvent} event @param {Film} film @param {boolean} inside @param {Element} range the slider of the strip */
export function onKey(event, film, inside, range) {
  const act = KEYS[event.key], target = /** @type {Element} */ (event.composedPath()[0]);
  if (!act || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (inside) {
    if (target !== range && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
    if (event.key === " " && /^(BUTTON|SUMMARY|A)$/.test(target.tagName)) return;
  } else if (target !== document.body || registry.active !== film) return;
  if (VERTICAL.has(event.key) && target !== range) return; // elsewhere they scroll the page
  event.preventDefault();
  act(film, event);
}
