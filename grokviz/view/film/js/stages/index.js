// Panels that stand beside a text of a page and not in the list of panels: Python names them, with what they are to show.

/** @import { Panel } from "../contract.js" */

import { curves } from "./curves.js";

/** What Python asks for: a kind, and what that kind wants to know.
 * @typedef {{ kind: string, id: string, [more: string]: any }} Spec */

/** @type {Record<string, (spec: any) => Panel<any>>} */
const KINDS = { curves };

/** @param {Spec} spec @returns {Panel<any>} */
export function panelOf(spec) {
  return KINDS[spec.kind](spec);
}
