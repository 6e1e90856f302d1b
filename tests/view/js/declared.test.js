import assert from "node:assert/strict";
import test from "node:test";

import { decade, declaredRows } from "../../../grokviz/view/film/js/kit/declared.js";
import { measuresPanel } from "../../../grokviz/view/film/js/panels/measures.js";

const array = (...raw) => ({ raw: Float32Array.from(raw), shape: [raw.length], size: 1, scale: 1, shift: 0 });
const declared = (name, more = {}) => ({ name, title: name, unit: "", label: name, percent: false, log: false, group: name, nothing: "", ...more });

const timeline = {
  header: {
    steps: [0, 100],
    measures: [
      declared("train_accuracy", { percent: true, group: "accuracy", label: "train", unit: "share right" }),
      declared("test_accuracy", { percent: true, group: "accuracy", label: "test" }),
      declared("test_loss", { log: true, label: "test" }),
      declared("restricted", { nothing: "No key frequency." }),
      declared("dummy", { title: "A dummy" }),
    ],
  },
  arrays: {
    train_accuracy: array(0.1, 1), test_accuracy: array(0.1, 0.2), test_loss: array(4.7, 1e-6), restricted: array(NaN, NaN),
    dummy: array(-3, 40), log_step: array(0, 50, 100), log_test_accuracy: array(0.1, 0.15, 0.2),
  },
  maps: null,
};

test("what Python declares is plotted, a row a group, without a line of code", () => {
  const rows = declaredRows(timeline, () => true);
  assert.deepEqual(rows.map(({ title }) => title), ["share right", "test_loss", "A dummy"]);
  assert.deepEqual(rows[0].series.map(({ label, colour }) => [label, colour]), [["train", "train"], ["test", "test"]]);
  assert.equal(rows[0].series[0].steps.length, 2);
  assert.equal(rows[0].series[1].steps.length, 3); // the log has it at more steps
  assert.equal(rows[1].kind, "log");
  assert.equal(rows[2].series[0].colour, "plain");
  assert.ok(rows[2].domain[0] <= -3 && rows[2].domain[1] >= 40);
  assert.ok(rows[2].ticks.every((tick) => tick >= rows[2].domain[0] && tick <= rows[2].domain[1]));
});

test("a panel may choose, and give short names", () => {
  const rows = declaredRows(timeline, ({ name }) => name === "dummy", { dummy: "d" });
  assert.deepEqual(rows.map(({ series }) => series.map(({ label }) => label)), [["d"]]);
});

test("a new measure is read out, too", () => {
  assert.match(measuresPanel.caption(timeline, 1), /A dummy: 40\.0\./);
});

test("decades read as they are written", () => {
  assert.deepEqual([1e-7, 0.1, 1, 10, 100].map(decade), ["10⁻⁷", "10⁻¹", "1", "10", "10²"]);
});
