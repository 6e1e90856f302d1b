// One picture in one place of the page: built anew when its data change, painted when size, theme or pointer do.

/** @import { CosetsData, OutcomesData, Page, WavesData } from "./contract.js" */

import { make, setFree, setText } from "../../film/js/kit/dom.js";
import { hovered, NOTHING, onHover, pointAt } from "../../film/js/kit/hover.js";
import { readTheme } from "../../film/js/kit/theme.js";
import { makeCosets } from "./cosets.js";
import { makeOutcomes } from "./outcomes.js";
import { makeWaves } from "./waves.js";

/** What a root shows now: its data but for what was chosen in it, what paints it again, what stops it, and what takes it away.
 * @type {WeakMap<Element, { content: string, repaint: () => void, stop: () => void, end: () => void }>} */
const shown = new WeakMap();

/** Called by Streamlit at first, then whenever the data or the theme change. Where the data are but an echo of what was
 * chosen in the picture, it stays as it is: with its focus, and perhaps further on.
 * @param {{ data: WavesData | CosetsData | OutcomesData, parentElement: Element,
 *   setTriggerValue: (name: string, value: object) => void }} component */
export function mount({ data, parentElement, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".pic")), content = JSON.stringify({ ...data, state: null });
  const before = shown.get(root);
  if (before?.content === content) {
    before.repaint();
    return before.end;
  }
  before?.stop();
  const words = make("p", "pic-words", { text: data.hint });
  let request = 0;
  const repaint = () => {
    request ||= requestAnimationFrame(() => {
      request = 0;
      picture.paint(readTheme(root), hovered());
    });
  };
  const picture = makePictureOf(data, {
    repaint,
    say: (text) => setText(words, text || data.hint),
    pick: (chosen) => setTriggerValue("pick", chosen),
  });
  root.replaceChildren(picture.element, words);
  const size = new ResizeObserver(repaint), deaf = onHover(repaint);
  size.observe(root);
  const stop = () => {
    cancelAnimationFrame(request);
    size.disconnect();
    deaf();
    picture.stop?.();
    shown.delete(root);
  };
  const end = () => {
    stop();
    pointAt(NOTHING); // the pointer is over nothing that is left
  };
  shown.set(root, { content, repaint, stop, end });
  picture.paint(readTheme(root), hovered());
  setFree(root);
  return end;
}

/** @param {WavesData | CosetsData | OutcomesData} data @param {Page} page */
function makePictureOf(data, page) {
  if (data.kind === "outcomes") return makeOutcomes(data, page);
  return data.kind === "cosets" ? makeCosets(data, page) : makeWaves(data, page);
}
