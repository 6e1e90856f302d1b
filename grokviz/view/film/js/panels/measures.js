// Every measure that Python declares with one number a snapshot: what is added there is plotted here.

/** @import { Timeline } from "../contract.js" */

import { curvePanel } from "../kit/curve-panel.js";
import { declaredRows, readOut } from "../kit/declared.js";

const EVERY = () => true, ROW = 120; // pixels

/** A row for each group; a measure that stands in a row alone is read out in the caption. @param {Timeline} timeline */
const rows = (timeline) => declaredRows(timeline, EVERY);

export const measuresPanel = curvePanel(
  {
    id: "measures",
    name: "All measures",
    title: "How do all its measures move?",
    howto:
      "One row a kind of measure, over the same steps as the strip above. The page Measures says what each of them means " +
      "and how it is computed. A measure that needs key frequencies is left out where a run has none.",
    wide: true,
    height: (timeline) => 48 + ROW * Math.max(rows(timeline).length, 2),
    caption: (timeline, i) =>
      readOut(timeline.header.measures.filter(({ name, group, nothing }) => group === name && !nothing), timeline, i),
  },
  rows,
);
