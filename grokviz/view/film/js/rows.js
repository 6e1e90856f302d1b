// A panel in the page: one figure of one run, one of several runs together, or a row with a figure for each.

/** @import { Panel } from "./contract.js" */
/** @import { Hand } from "./film.js" */
/** @import { Cast } from "./members.js" */
/** @import { PanelFrame } from "./panel-frame.js" */

import { besides } from "./beside.js";
import { make } from "./kit/dom.js";
import { makeHead } from "./members.js";
import { makePanelFrame } from "./panel-frame.js";

/** A figure, what moves it, and what it says of the run when it stands still.
 * @typedef {{ frame: PanelFrame, hand: Hand, head?: ReturnType<typeof makeHead> }} Cell
 * @typedef {{ id: string, element: HTMLElement, cells: Cell[] }} Row */

/** @param {Cast} cast @param {Panel<any>} panel @param {(part: string, run: string) => void} need
 * @param {((chosen: object) => void) | undefined} pick @returns {Row} */
export function singleRow({ members: [{ timeline, film }] }, panel, need, pick) {
  const frame = makePanelFrame(panel, timeline, film, { need: (part) => need(part, timeline.header.id), pick });
  return { id: panel.id, element: frame.element, cells: [{ frame, hand: film }] };
}

/** One figure for all runs, along the strip. @param {Cast} cast @param {Panel<any>} panel @returns {Row} */
export function wholeRow({ whole, film }, panel) {
  const head = make("h3", "gv-title", { text: panel.title });
  const frame = makePanelFrame(panel, whole, film, { need() {}, placed: true, head });
  return { id: panel.id, element: frame.element, cells: [{ frame, hand: film }] };
}

/** A figure for each run, and what is drawn of their difference below it.
 * @param {Cast} cast @param {Panel<any>} panel @param {(part: string, run: string) => void} need @returns {Row} */
export function rivalRow({ rivals, film: clock }, panel, need) {
  const own = rivals.map((rival) => {
    const { timeline, film } = rival, head = makeHead(rival, clock);
    return { head, hand: film, frame: makePanelFrame(panel, timeline, film, { need: (part) => need(part, timeline.header.id), placed: true, head: head.element }) };
  });
  const differences = besides(panel.id, rivals).map(({ panel: other, rival, head }) =>
    ({ hand: rival.film, frame: makePanelFrame(other, rival.timeline, rival.film, { need() {}, placed: true, head }) }));
  const cells = [...own, ...differences], across = make("div", "gv-across", {}, ...cells.map(({ frame }) => frame.element));
  across.style.setProperty("--gv-columns", String(Math.min(cells.length, 3)));
  if (cells.length > 3) differences[0].frame.element.classList.add("gv-second"); // below the run that it is about
  return { id: panel.id, cells, element: make("section", "gv-row", {}, make("h3", "gv-title", { text: panel.title }), across) };
}
