// Declared measures as curves, under the strip and along its axis: the figures of the page Measures.

import { curvePanel } from "../kit/curve-panel.js";
import { declaredRows, readOut } from "../kit/declared.js";

const PLACED_HEIGHT = 190; // pixels

/** @param {{ id: string, title: string, names: string[] }} spec `names` of the measures */
export function curves({ id, title, names }) {
  return curvePanel(
    {
      id, title, name: title, howto: "",
      height: () => PLACED_HEIGHT + 48,
      caption: (timeline, i) => readOut(timeline.header.measures.filter(({ name }) => names.includes(name)), timeline, i),
    },
    (timeline) => declaredRows(timeline, ({ name }) => names.includes(name)),
  );
}
