// The strip of a scrolled page: its upper part slides away, a slim bar with the curves, the axis and the controls stays,
// also beside the text that stands below the film. Nothing below it moves: only what is drawn in the bar changes. What is
// scrolled to, by a link for example, comes to stand below the bar, not under it.

import { make } from "./kit/dom.js";

const SLIM = 120, SLIM_ON_LOW = 92, LOW = 500; // pixels that stay of the strip, and on a low screen

/** @typedef {{ element: HTMLElement, narrator: HTMLElement }} Strip */

/** @param {HTMLElement} root @param {() => Strip} strip its element is sticky at --gv-top less --gv-over
 * @param {() => void} onchange
 * @param {HTMLElement | null} page what holds all of the film in a page that goes on below it, where there is such a page
 * @param {boolean} whole the film is more than its strip; of one that is not, `page` itself is sticky */
export function makeSlim(root, strip, onchange, page, whole) {
  const outer = whole ? null : page, room = make("div", "gv-room-of-stage");
  let over = 0, top = 0, slim = false, held = false;
  /** Below the film its strip is fixed in the window. @param {boolean} now */
  const hold = (now) => {
    if (now === held) return;
    keepRoom(strip().element, room, now);
    root.classList.toggle("gv-held", (held = now));
    onchange(); // it may be as wide as the page now, and of another height
    measure();
    onchange();
  };
  const look = () => {
    if (whole && page && root.clientWidth) hold(over > 0 && root.getBoundingClientRect().bottom < top + strip().element.offsetHeight - over);
    const now = over > 0 && (outer ?? strip().element).getBoundingClientRect().top <= top - over + 0.5;
    if (now === slim) return;
    slim = now;
    if (outer) yieldSentence(outer, strip().narrator, slim);
    root.classList.toggle("gv-slim", slim);
    if (root.clientWidth) onchange();
  };
  if (outer) Object.assign(outer.style, { position: "sticky", zIndex: "50" });
  document.addEventListener("scroll", look, { capture: true, passive: true });
  /** After a change of size. */
  function measure() {
    const header = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stHeader"]')), { left, width } = root.getBoundingClientRect();
    top = header?.offsetHeight ?? 0;
    over = Math.max(0, strip().element.offsetHeight - (innerHeight < LOW ? SLIM_ON_LOW : SLIM));
    for (const [name, pixels] of Object.entries({ top, over, left, width })) root.style.setProperty(`--gv-${name}`, `${pixels}px`);
    stay(outer, top - over, strip().element.offsetHeight);
    look();
  }
  return {
    /** How much of the strip is out of sight, 0 while it is whole. */
    hidden: () => (slim ? over : 0),
    held: () => held,
    measure,
    stop() {
      document.removeEventListener("scroll", look, { capture: true });
      leave(outer);
    },
  };
}

const SCROLLER = '[data-testid="stMain"]', CLEAR = 12; // pixels between the bar and what is scrolled to
/** What scrolls: a part of Streamlit's page, or all of another. */
const scroller = () => document.querySelector(/** @type {"div"} */ (SCROLLER)) ?? document.documentElement;

/** The bar stays `top` below the edge of the window, and what is scrolled to stays clear of it.
 * @param {HTMLElement | null} outer @param {number} top @param {number} height */
function stay(outer, top, height) {
  if (outer) outer.style.top = `${top}px`;
  scroller().style.scrollPaddingTop = `${top + height + CLEAR}px`;
}

/** There is no bar any more. @param {HTMLElement | null} outer */
function leave(outer) {
  scroller().style.removeProperty("scroll-padding-top");
  if (outer) for (const name of ["position", "z-index", "top", "margin-bottom"]) outer.style.removeProperty(name);
}

/** What stands in the place of the strip while it is fixed in the window. @param {HTMLElement} element @param {HTMLElement} room @param {boolean} held */
function keepRoom(element, room, held) {
  room.style.height = `${element.offsetHeight}px`;
  if (held) element.before(room);
  else room.remove();
}

/** The sentence goes while the bar is slim; the room that it took stays, so that nothing below moves.
 * @param {HTMLElement} outer @param {HTMLElement} narrator @param {boolean} slim */
function yieldSentence(outer, narrator, slim) {
  if (slim) outer.style.marginBottom = `${narrator.offsetHeight}px`;
  else outer.style.removeProperty("margin-bottom");
  narrator.hidden = slim;
}
