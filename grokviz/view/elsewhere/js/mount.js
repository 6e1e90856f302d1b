// One figure of runs on sequences in one place of the page: built anew when its data change, painted when the step moves.

/** @import { Figure, FigureData, Page } from "./contract.js" */

import { make, setFree, setText } from "../../film/js/kit/dom.js";
import { readTheme } from "../../film/js/kit/theme.js";
import { onStep, stepInView } from "./clock.js";
import { makeCurves } from "./curves.js";
import { makeMaps } from "./maps.js";
import { makeParts } from "./parts.js";
import { makeTokens } from "./tokens.js";

/** What ends the figure that a root shows now.
 * @type {WeakMap<Element, () => void>} */
const drawn = new WeakMap();

/** Called by Streamlit at first, then whenever the data or the theme change.
 * @param {{ data: FigureData, parentElement: Element, setTriggerValue: (name: string, value: number) => void }} component */
export function mount({ data, parentElement, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".els"));
  drawn.get(root)?.();
  const words = make("p", "els-words", { text: data.hint });
  let request = 0, isSeen = true; // what nobody sees is not painted: a page has many figures, and a frame lasts 16 ms
  const repaint = () => {
    if (!isSeen) return;
    request ||= requestAnimationFrame(() => {
      request = 0;
      figure.paint(readTheme(root));
    });
  };
  const figure = makeFigureOf(data, {
    repaint,
    say: (text) => setText(words, text || data.hint),
    came: () => setTriggerValue("step", stepInView()),
  });
  root.replaceChildren(figure.element, words);
  const size = new ResizeObserver(repaint);
  size.observe(root);
  const sight = new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    repaint();
  }, { rootMargin: "120px" });
  sight.observe(root);
  const deaf = onStep(repaint);
  const stop = () => {
    cancelAnimationFrame(request);
    size.disconnect();
    sight.disconnect();
    deaf();
    figure.stop?.();
  };
  drawn.set(root, stop);
  figure.paint(readTheme(root));
  setFree(root);
  return stop;
}

/** @param {FigureData} data @param {Page} page @returns {Figure} */
function makeFigureOf(data, page) {
  if (data.kind === "curves") return makeCurves(data, page);
  if (data.kind === "tokens") return makeTokens(data, page);
  return data.kind === "maps" ? makeMaps(data, page) : makeParts(data, page);
}
