// The guided tour: moments of a run that Python has found, as a row of buttons, and a sentence for each.

/** @import { Film } from "./film.js" */

import { make } from "./kit/dom.js";

/** @typedef {[name: string, step: number, sentence: string]} Moment of the tour */

/** @param {Film} film @param {Moment[]} moments */
export function makeMoments(film, moments) {
  const buttons = moments.map(([name, step]) =>
    make("button", "gv-moment", { type: "button", text: name, onclick: () => film.visit(film.nearest(step)) }));
  const element = make("div", "gv-moments", { role: "group", "aria-label": "Moments of this run" }, ...buttons);
  const at = (/** @type {number} */ i) => moments.findLastIndex(([, step]) => film.nearest(step) === i);

  return {
    element,
    sentences: moments.map(([, , sentence]) => sentence),
    /** What is said of snapshot i, where it is one of the moments. @param {number} i @returns {string | null} */
    sentence: (i) => moments[at(i)]?.[2] ?? null,
    /** @param {number} i */
    tell: (i) => buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(j === at(i)))),
  };
}
