import assert from "node:assert/strict";
import test from "node:test";

import { inLines, keepInside, spread } from "../../../grokviz/view/film/js/kit/labels.js";
import { plotBox } from "../../../grokviz/view/film/js/kit/plot.js";

const places = (labels) => labels.map(({ at }) => at);

test("labels move apart no further than they must", () => {
  const labels = [{ at: 50 }, { at: 10 }, { at: 52 }];
  spread(labels, 15);
  assert.equal(places(labels)[0], 10);
  assert.ok(labels[2].at - labels[1].at >= 14.9);
  assert.ok(Math.abs((labels[1].at + labels[2].at) / 2 - 51) < 1e-9);
});

test("labels stay between top and bottom, still apart", () => {
  const labels = [{ at: -20 }, { at: -5 }, { at: 130 }];
  keepInside(labels, 0, 100, 15);
  assert.deepEqual(places(labels), [0, 15, 100]);
});

test("a name that is too long for its room stands in lines", () => {
  const widthOf = (words) => 7 * words.length;
  assert.deepEqual(inLines("neurons to logits", 80, widthOf), ["neurons to", "logits"]);
  assert.deepEqual(inLines("embedding", 10, widthOf), ["embedding"]);
});

test("figures that are given edges have one axis of time, whatever their ticks and names", () => {
  const row = (label, tick) => ({ kind: "linear", domain: [0, 1], ticks: [1], format: () => tick, series: [{ label, colour: "plain", at: [], steps: [], values: [] }] });
  const theme = { widthOf: (words) => 7 * words.length }, edges = { left: 54, right: 92 };
  const boxes = [row("test", "1"), row("neurons to logits", "100,000")].map((one) => plotBox({ rows: [one], top: 0 }, 900, 200, theme, edges));
  for (const { left, right, width } of boxes) assert.deepEqual([left, right, width], [54, 808, 754]);
});
