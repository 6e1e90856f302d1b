// Showing the film to a room: it fills the window, in large type, with the strip and one panel. Escape leaves, P brings
// the next panel, Page Down goes to the next moment.

/** @import { Film } from "./film.js" */

import { registry } from "./kit/registry.js";
import { make } from "./kit/dom.js";

const LOCAL_WIDTH = 1200, SEVERAL_WIDTH = 1600; // pixels that the film has then, enlarged to fill the window
const HINT = "Page Down: the next moment. P: the next panel. Esc leaves.";

/** @param {HTMLElement} root @param {Film} film @param {HTMLElement} grid of the panels @param {() => void} relayout
 * @param {boolean} several runs in a row */
export function makePresenter(root, film, grid, relayout, several) {
  const hint = make("p", "gv-hint", { text: HINT });
  const fit = () => {
    registry.zoom = Math.max(1, innerWidth / (several ? SEVERAL_WIDTH : LOCAL_WIDTH));
    root.style.setProperty("--gv-zoom", String(registry.zoom));
    relayout();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") stop();
    else if (event.key.toLowerCase() === "p") bringNext(grid, relayout);
    else return;
    event.preventDefault();
  };
  function start() {
    if (presenting()) return;
    root.popover = "manual"; // above all else in the page, whatever holds the film
    root.classList.add("gv-present");
    root.append(hint);
    root.querySelectorAll("details[open]").forEach((menu) => menu.removeAttribute("open"));
    root.showPopover();
    registry.active = film;
    document.addEventListener("keydown", onKey, { capture: true });
    addEventListener("resize", fit);
    fit();
  }
  function stop() {
    if (!presenting()) return;
    root.hidePopover();
    root.removeAttribute("popover");
    root.classList.remove("gv-present");
    hint.remove();
    document.removeEventListener("keydown", onKey, { capture: true });
    removeEventListener("resize", fit);
    registry.zoom = 1;
    relayout();
  }
  const presenting = () => root.classList.contains("gv-present");
  return { start, stop, presenting };
}

/** The panel in sight goes behind the others. @param {HTMLElement} grid @param {() => void} relayout */
function bringNext(grid, relayout) {
  if (grid.firstElementChild) grid.append(grid.firstElementChild);
  relayout();
}
