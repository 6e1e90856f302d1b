// The strip of a scrolled page: its upper part slides away, a slim bar with the curves, the axis and the controls stays.
// Nothing below it moves: only what is drawn in the bar changes.

const SLIM = 120, SLIM_ON_LOW = 92, LOW = 500; // pixels that stay of the strip, and on a low screen

/** @param {HTMLElement} root @param {() => HTMLElement} stage the strip, sticky at --gv-top less --gv-over
 * @param {() => void} onchange */
export function makeSlim(root, stage, onchange) {
  let over = 0, top = 0, slim = false;
  const look = () => {
    const now = over > 0 && stage().getBoundingClientRect().top <= top - over + 0.5;
    if (now === slim) return;
    slim = now;
    if (root.clientWidth) onchange();
  };
  document.addEventListener("scroll", look, { capture: true, passive: true });
  return {
    /** How much of the strip is out of sight, 0 while it is whole. */
    hidden: () => (slim ? over : 0),
    /** After a change of size. */
    measure() {
      const header = /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stHeader"]'));
      top = header?.offsetHeight ?? 0;
      over = Math.max(0, stage().offsetHeight - (innerHeight < LOW ? SLIM_ON_LOW : SLIM));
      root.style.setProperty("--gv-top", `${top}px`);
      root.style.setProperty("--gv-over", `${over}px`);
      look();
    },
    stop: () => document.removeEventListener("scroll", look, { capture: true }),
  };
}
