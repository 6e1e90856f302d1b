// The share of right answers over the run.

import { curvePanel } from "../kit/curve-panel.js";
import { declaredRows } from "../kit/declared.js";
import { measure } from "../kit/timeline.js";
import { percent } from "../kit/wording.js";

const SHOWN = ["train_accuracy", "test_accuracy", "removed_accuracy", "corrected"];

export const accuracyPanel = curvePanel(
  {
    id: "accuracy",
    name: "Accuracy",
    title: "How often is it right?",
    howto:
      "Each curve is the share of pairs whose most likely answer is the right one: dashed for the pairs it trains on, " +
      "solid for the pairs it never sees. Training pairs count by the label they are given. Guessing would score 1 in p. Watch the gap between the two open and, in a run that groks, close.",
    caption(timeline, i) {
      const [train, test] = ["train_accuracy", "test_accuracy"].map((name) => percent(measure(timeline, name, i)));
      const corrected = measure(timeline, "corrected", i), removed = measure(timeline, "removed_accuracy", i);
      if (Number.isFinite(corrected)) {
        return `It answers ${train} of the training pairs as they are labelled and ${test} of the pairs it has never seen. Of those whose ` +
          `label is wrong it answers ${percent(corrected)} right all the same.`;
      }
      const before = Number.isFinite(removed) ? `, ${percent(removed)} of those it is trained on no more` : "";
      return `It answers ${train} of the training pairs correctly${before} and ${test} of the pairs it has never seen.`;
    },
  },
  (timeline) => declaredRows(timeline, ({ name }) => SHOWN.includes(name)),
);
