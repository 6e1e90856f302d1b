import assert from "node:assert/strict";
import { test } from "node:test";

import { changePlaces, drawCursor, fittedAt } from "../../../grokviz/view/film/js/kit/plot.js";

const theme = { widthOf: (label) => 7 * label.length };

test("a name beside the curves ends within the figure, however narrow the margin", () => {
  assert.equal(fittedAt("test", { right: 300, margin: 60 }, theme), 308);
  for (const margin of [10, 40, 60, 90]) {
    assert.ok(fittedAt("restricted", { right: 300, margin }, theme) + 70 <= 300 + margin + 1e-9, String(margin));
  }
  assert.equal(fittedAt("restricted", { right: 300, margin: 40 }, theme), 270);
});

const g = new Proxy({ measureText: (text) => ({ width: 7 * text.length }), texts: [] }, {
  get: (own, name) => own[name] ?? (name === "fillText" ? (...text) => own.texts.push(text) : () => {}),
  set: (own, name, value) => ((own[name] = value), true),
});
const axis = { unit: (step) => step / 1000, unitAt: (position) => position / 10 };
const box = {
  left: 50, right: 850, width: 800, margin: 60, top: 0, bottom: 160, narrow: false,
  rows: [{ row: { kind: "linear", series: [] }, top: 0, height: 160, y: (value) => 160 - value }],
};

test("changes are named at the foot, and never over each other", () => {
  const header = { changes: [[100, "weight decay 2"], [100, "lr 0.1"], [150, "lr 1"], [500, "weight decay 0"], [2000, "too late"]] };
  const places = changePlaces(g, box, axis, header);
  assert.deepEqual(places.map(({ words }) => words), ["weight decay 2, lr 0.1", "", "weight decay 0"]);
  for (const [i, { to }] of places.entries()) if (places[i + 1]?.words) assert.ok(places[i + 1].from >= to);
  assert.deepEqual(changePlaces(g, { ...box, narrow: true }, axis, header).map(({ words }) => words), ["", "", ""]);
});

test("values beside the cursor keep clear of the words at a change", () => {
  const theme = { font: () => "", background: "", text: "", series: { test: {} } };
  const row = { kind: "linear", series: [{ label: "test", colour: "test", at: Float32Array.from({ length: 11 }, () => 1) }] };
  const drawn = { ...box, rows: [{ ...box.rows[0], row }] }, header = { changes: [[480, "weight decay 0"]] };
  const moment = (position) => ({ position, before: position, after: position, share: 0, index: position });
  const [near, far] = [5, 2].map((position) => drawCursor(g, drawn, axis, moment(position), header, theme).heights);
  const foot = near[0];
  assert.deepEqual(near.length, 2);
  assert.ok(foot - near[1] >= 15, String(near));
  assert.deepEqual(far, [154]);
});
