// The share of right answers over the run.

import { curvePanel } from "../kit/curve-panel.js";
import { curveSeries } from "../kit/plot.js";
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
  (timeline) => [
    {
      title: "share of pairs answered correctly", kind: "linear", domain: [-0.02, 1.04], ticks: [0, 0.5, 1],
      format: percent, read: percent,
      series: [
        curveSeries(timeline, "test_accuracy", "test", "test", "log_test_accuracy"),
        curveSeries(timeline, "train_accuracy", "train", "train", "log_train_accuracy"),
      ],
    },
  ],
);
