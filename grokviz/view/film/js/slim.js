// The strip of a scrolled page: its upper part slides away, a slim bar with the curves, the axis and the controls stays.
// Nothing below it moves: only what is drawn in the bar changes.

const SLIM = 120, SLIM_ON_LOW = 92, LOW = 500; // pixels that stay of the strip, and on a low screen

/** @typedef {{ element: HTMLElement, narrator: HTMLElement }} Strip */

/** @param {HTMLElement} root @param {() => Strip} strip its element is sticky at --gv-top less --gv-over
 * @param {() => void} onchange
 * @param {HTMLElement | null} [outer] what holds all of the film and is to be sticky in its place */
export function makeSlim(root, strip, onchange, outer = null) {
  let over = 0, top = 0, slim = false;
  const look = () => {
    const now = over > 0 && (outer ?? strip().element).getBoundingClientRect().top <= top - over + 0.5;
    if (now === slim) return;
    slim = now;
    if (outer) yieldSentence(outer, strip().narrator, slim);
    root.classList.toggle("gv-slim", slim);
    if (root.clientWidth) onchange();
  };
  if (outer) Object.assign(outer.style, { position: "sticky", zIndex: "50" });
  document.addEventListener("scroll", look, { capture: true, passive: true });
  return {
    /** How much of the strip is out of sight, 0 while it is whole. */
    hidden: () => (slim ? over : 0),
    /** After a change of size. */
    measure() {
      const header = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stHeader"]'));
      top = header?.offsetHeight ?? 0;
      over = Math.max(0, strip().element.offsetHeight - (innerHeight < LOW ? SLIM_ON_LOW : SLIM));
      root.style.setProperty("--gv-top", `${top}px`);
      root.style.setProperty("--gv-over", `${over}px`);
      if (outer) outer.style.top = `${top - over}px`;
      look();
    },
    stop() {
      document.removeEventListener("scroll", look, { capture: true });
      if (outer) for (const name of ["position", "z-index", "top", "margin-bottom"]) outer.style.removeProperty(name);
    },
  };
}

/** The sentence goes while the bar is slim; the room that it took stays, so that nothing below moves.
 * @param {HTMLElement} outer @param {HTMLElement} narrator @param {boolean} slim */
function yieldSentence(outer, narrator, slim) {
  if (slim) outer.style.marginBottom = `${narrator.offsetHeight}px`;
  else outer.style.removeProperty("margin-bottom");
  narrator.hidden = slim;
}
