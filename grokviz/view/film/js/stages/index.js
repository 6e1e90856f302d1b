// Panels that stand beside a text of a page and not in the list of panels: Python names them, with what they are to show.

/** @import { Panel } from "../contract.js" */

import { PANELS } from "../panels/index.js";
import { angles } from "./angles.js";
import { answer } from "./answer.js";
import { asked } from "./asked.js";
import { attention } from "./attention.js";
import { cost } from "./cost.js";
import { curves } from "./curves.js";
import { damage } from "./damage.js";
import { rises } from "./rises.js";
import { sums } from "./sums.js";
import { waves } from "./waves.js";

/** What Python asks for: a kind, and what that kind wants to know.
 * @typedef {{ kind: string, id: string, [more: string]: any }} Spec */

/** @type {Record<string, (spec: any) => Panel<any>>} */
const KINDS = {
  angles, answer, asked, attention, cost, curves, damage, film: ({ id, titled = false }) => ({ ...namedPanel(id), titled }), rises, sums, waves,
};

/** One of the film's own panels. @param {string} id @returns {Panel<any>} */
function namedPanel(id) {
  const found = PANELS.find((panel) => panel.id === id);
  if (!found) throw new Error(`There is no panel ${id}. Name one of panels/index.js.`);
  return found;
}


/** @param {Spec} spec @returns {Panel<any>} */
export function panelOf(spec) {
  return KINDS[spec.kind](spec);
}
