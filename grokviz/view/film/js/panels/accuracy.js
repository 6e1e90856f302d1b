// The share of right answers over the run.

import { curvePanel } from "../kit/curve-panel.js";
import { declaredRows } from "../kit/declared.js";
import { measure } from "../kit/timeline.js";
import { percent } from "../kit/wording.js";

export const accuracyPanel = curvePanel(
  {
    id: "accuracy",
    name: "Accuracy",
    title: "How often is it right?",
    howto:
      "Each curve is the share of pairs whose most likely answer is the right one: dashed for the pairs it trains on, " +
      "solid for the pairs it never sees. Guessing would score 1 in p. Watch the gap between the two open and, in a run that groks, close.",
    caption(timeline, i) {
      const [train, test] = ["train_accuracy", "test_accuracy"].map((name) => percent(measure(timeline, name, i)));
      return `It answers ${train} of the training pairs correctly and ${test} of the pairs it has never seen.`;
    },
  },
  (timeline) => declaredRows(timeline, ({ name }) => name === "train_accuracy" || name === "test_accuracy"),
);
