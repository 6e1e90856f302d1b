// Sparsity and weight norm over the run.

import { curvePanel } from "../kit/curve-panel.js";
import { declaredRows } from "../kit/declared.js";
import { measure } from "../kit/timeline.js";
import { percent, readable } from "../kit/wording.js";

const GINI = { gini_W_E: "W_E", gini_W_L: "W_L" };
const SQUARES = { sum_squared_weights: "all" };
/** @type {{ domain: [number, number], ticks: number[] }} */
const WHOLE = { domain: [0, 1], ticks: [0, 0.5, 1] }; // what a Gini coefficient can be: noise looks like noise

export const simplicityPanel = curvePanel(
  {
    id: "simplicity",
    name: "Sparsity and weight norm",
    title: "Is the network getting simpler?",
    howto:
      "Top: the Gini coefficient of the Fourier components, 0 when every frequency is equally strong, near 1 when a few " +
      "carry everything; solid for the embedding W_E, dashed for the output weights W_L = W_out W_U. Bottom: the sum of all " +
      "squared weights, which weight decay, where there is any, keeps pressing down.",
    caption(timeline, i) {
      const now = measure(timeline, "sum_squared_weights", i), start = measure(timeline, "sum_squared_weights", 0);
      const change = i === 0 || !(start > 0) ? "" : now <= start
        ? `, ${percent(1 - now / start)} less than at the start` : `, ${percent(now / start - 1)} more than at the start`;
      return `The Gini coefficient of the embedding is ${readable(measure(timeline, "gini_W_E", i))}. The squared weights add up to ${readable(now)}${change}.`;
    },
  },
  (timeline) => [
    ...declaredRows(timeline, ({ name }) => name in GINI, GINI).map((row) => ({ ...row, ...WHOLE })),
    ...declaredRows(timeline, ({ name }) => name in SQUARES, SQUARES),
  ],
);
